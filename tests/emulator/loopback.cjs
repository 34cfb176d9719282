// Loaded before the emulator, which would otherwise listen on every address of the machine.
const { Server } = require("node:net");

const listen = Server.prototype.listen;
Server.prototype.listen = function (port) {
  return listen.call(this, port, "127.0.0.1");
};

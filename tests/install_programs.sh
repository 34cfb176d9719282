#!/bin/sh
# What the tests drive beside Python packages: LibreOffice opens our documents, poppler reads their pages, Chromium shows
# our page, PostgreSQL serves as the other database, Dovecot
# holds a mailbox. Installed with apt where that is allowed; otherwise named, and nothing is skipped.
set -u
wanted=""
command -v soffice >/dev/null 2>&1 || wanted="$wanted libreoffice-writer-nogui"
/usr/bin/python3 -c "import uno" >/dev/null 2>&1 || wanted="$wanted python3-uno"
command -v pdftotext >/dev/null 2>&1 || wanted="$wanted poppler-utils"
command -v chromium >/dev/null 2>&1 || wanted="$wanted chromium"
command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || wanted="$wanted postgresql"
command -v dovecot >/dev/null 2>&1 || [ -x /usr/sbin/dovecot ] || wanted="$wanted dovecot-imapd"
[ -z "$wanted" ] && exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing for the tests:$wanted ..."
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted; } \
        >/tmp/install_programs.log 2>&1 && exit 0
    tail -5 /tmp/install_programs.log
fi
echo "The tests need these programs, which could not be installed here:$wanted. Install them (as root: apt-get install$wanted) and run make test again."
exit 1

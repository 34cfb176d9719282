"""From a transcript to the draft of a headline report. Pure: what goes in decides what comes out."""

# ruff: noqa: E501  (a conversation a line reads as a table)
"""From a transcript to a draft: closures, actions, viewpoints, files, and the properties every draft has."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import SecretariatError
from bot.formats import Agenda, AgendaItem, Attendance, Attendee, Audio, Draft, DraftedDecision, Segment, Transcript
from bot.headlines.draft import Line, draft_from
from bot.headlines.transcript_files import read_agenda, read_members, read_transcript

HELD_ON = date(2024, 2, 7)  # a Wednesday
MEMBERS = Attendance(
    chair="Priya Chairing",
    members=[
        Attendee(name="Priya Chairing", role="chair"),
        Attendee(name="Lars Large", constituency="Large Supplier"),
        Attendee(name="Dana Wires", constituency="DNO", alias="Dana"),
        Attendee(name="Sam Small", constituency="Small Supplier"),
        Attendee(name="Pat Office", role="programme"),
    ],
)


def transcript_of(*lines: str, seconds: float = 5.0) -> Transcript:
    """'Chair: words' is said by the Chair, 'L:' by Lars, 'D:' by Dana, 'S:' by Sam, 'P:' by Pat; else by nobody known."""
    names = {"Chair": "Priya Chairing", "L": "Lars Large", "D": "Dana Wires", "S": "Sam Small", "P": "Pat Office"}
    segments = []
    for i, line in enumerate(lines):
        label, _, words = line.partition(": ")
        speaker, text = (names[label], words) if label in names else (None, line)
        segments.append(Segment(id=str(i), start=i * seconds, end=(i + 1) * seconds, speaker=speaker, text=text))
    audio = Audio(name="PSG-2024-02-07.wav", duration=len(lines) * seconds)
    return Transcript(audio=audio, engine="by hand", segments=segments)


def draft_of(*lines: str, level: int | None = 2, agenda: Agenda | None = None, members: Attendance = MEMBERS) -> Draft:
    transcript = transcript_of(*lines)
    return draft_from(
        transcript, group="PSG", held_on=HELD_ON, level=level, agenda=agenda or Agenda(), attendance=members
    )


def only_decision(*lines: str, level: int | None = 2) -> DraftedDecision:
    decisions = draft_of(*lines, level=level).decisions
    assert len(decisions) == 1, [(d.outcome, d.text) for d in decisions]
    return decisions[0]


CLOSURES: list[tuple[str, str | None, tuple[str, ...]]] = [
    ("accept", "consensus", ("Chair: Are we agreed to approve the migration plan?", "L: Agreed.", "D: Agreed.")),
    ("accept", "consensus", ("Chair: The recommendation is to approve the migration plan.", "Chair: I'll take that as agreed.")),
    ("accept", "consensus", ("P: PSG is asked to approve change request 45.", "Chair: Any objections?", "L: No.", "Chair: That is agreed.")),
    ("accept", None, ("P: We are seeking approval of the test strategy.", "Chair: Thank you. The test strategy is approved.")),
    ("accept", "consensus", ("Chair: Are members content to approve the interim plan?", "S: Content.", "Chair: Thank you.")),
    ("accept", None, ("Chair: So we accept the recommendation to move the milestone to March.",)),
    ("accept", "consensus", ("The recommendation is to adopt the new baseline.", "Any objections to that?", "No.", "None from me.", "That's agreed then.")),
    ("accept", "consensus", ("Chair: Can I take the revised baseline as agreed?", "L: Yes.", "Chair: Thank you.")),
    ("accept", "consensus", ("Chair: Hearing no objections, the recommendation is approved.",)),
    ("accept", None, ("Chair: PSG approves the consequential change to the code drafting plan.",)),
    ("accept", "consensus", ("Chair: Is everyone happy to endorse the release approach?", "D: Yes, happy.", "S: Fine.")),
    ("accept", "chair", ("L: We object to the new date.", "Chair: I have heard that objection, and on balance my decision is to approve the new date.")),
    ("accept", "sro", ("L: We oppose this.", "Chair: There is no consensus in the room.", "Chair: As SRO, I am therefore approving the plan, noting the objection.")),
    ("accept", "consensus", ("L: We object to the date.", "P: We will add two weeks.", "L: Then I withdraw my objection.", "Chair: That is agreed.")),
    ("accept", "consensus", ("any objection know then", "that's a greed")),
    ("accept", None, ("Chair: so we except the recommendation to move the date",)),
    ("reject", None, ("Chair: The change request is rejected.",)),
    ("reject", None, ("P: PSG is asked to approve the extra budget.", "Chair: That is not agreed.")),
    ("reject", None, ("Chair: The recommendation is not approved.",)),
    ("reject", None, ("Chair: That is refused.",)),
    ("reject", None, ("Chair: We do not accept the recommendation to shorten the test window.",)),
    ("reject", "chair", ("Chair: I've listened to the views and my decision is that we reject the proposal to drop the second cycle.",)),
    ("reject", None, ("L: I would like this agreed today.", "Chair: The motion falls.")),
    ("reject", None, ("Chair: The exemption isn't approved.", "L: Understood.")),
    ("reject", None, ("The request has been turned down.",)),
    ("refer", None, ("Chair: We will refer this back to the DAG for further analysis.",)),
    ("refer", None, ("Chair: The paper is referred to SITAG for additional work.",)),
    ("refer", None, ("Chair: That is not approved today, it goes back to the working group for more work.",)),
    ("accept_subject_to", None, ("Chair: The plan is approved subject to the DNO impact assessment.",)),
    ("accept_subject_to", "consensus", ("Chair: Are we agreed to approve the plan subject to the legal review?", "L: Agreed.", "Chair: Thank you.")),
    ("accept_subject_to", "consensus", ("Chair: That is agreed.", "Chair: Subject to the code drafting being complete.")),
    ("accept_subject_to", "consensus", ("Chair: That's agreed on condition that the defects are closed by March.",)),
    ("escalate", None, ("Chair: We can't settle this here, so we will escalate it to Ofgem via the IPA.",)),
    ("escalate", None, ("Chair: This is escalated to PSG.",)),
    ("noted", None, ("Chair: The group noted the dashboard report.",)),
    ("noted", None, ("Chair: Item 3 is papers to note.", "Chair: Are members happy to note those?", "Chair: Thank you.")),
    ("deferred", None, ("Chair: The decision is deferred to the March meeting.",)),
    ("deferred", None, ("Chair: We'll bring this back to the next meeting.",)),
    ("withdrawn", None, ("P: We would like to withdraw the paper.", "Chair: Fine.")),
    ("withdrawn", None, ("Chair: Change request 12 has been withdrawn.",)),
    ("accept", "consensus", ("Chair: Happy to sign off the plan, everyone?", "L: Yep.", "Chair: Good, approved then.")),
    ("accept", "sro", ("Chair: The SRO has decided to approve the replan.",)),
    ("accept", "consensus", ("so are we all agreed yeah", "yes", "yep", "brilliant that's approved")),
    ("accept_subject_to", None, ("Chair: The change is approved, with the exception of clause four.",)),
    ("reject", None, ("Chair: OK. That is, er, not, not agreed.",)),
    ("reject", None, ("Chair: I am not going to approve this.",)),
    ("reject", None, ("Chair: The answer's no I'm afraid.",)),
    ("deferred", None, ("Chair: Can we agree to defer this to March?", "L: Agreed.", "Chair: Thanks.")),
    ("escalate", None, ("Chair: We can't agree this, so it goes to PSG.",)),
    # An agreement to refuse is a refusal.
    ("reject", "consensus", ("Chair: Are we agreed to reject change request 45?", "L: Agreed.", "Chair: That is agreed.")),
    ("reject", "consensus", ("P: The recommendation is to reject change request 45.", "Chair: Any objections?", "L: No.", "Chair: That is agreed.")),
    ("reject", "consensus", ("P: We recommend that the request is refused.", "Chair: I'll take that as agreed.")),
    ("deferred", None, ("P: PSG is asked to defer the decision to March.", "Chair: Are we agreed?", "L: Yes.", "Chair: Agreed then, that's agreed.")),
    ("refer", None, ("Chair: Are we agreed to refer this back to DAG?", "L: Agreed.", "Chair: That is agreed.")),
    ("accept_subject_to", "consensus", ("Chair: Are we agreed to approve it subject to the legal review?", "L: Agreed.", "Chair: That is agreed.")),
    # Close to a yes, and none.
    ("none", None, ("Chair: Given what we've heard from the DNOs, I don't think we can approve this today.",)),
    ("none", None, ("is everybody content with the change request", "no i'm not content", "okay")),
    ("none", None, ("Chair: Any objections?", "D: None.", "S: I do have an objection actually.", "Chair: OK, approved.")),
    ("none", None, ("Chair: That's approved.", "S: Record that the small suppliers did not support that.", "Chair: Noted.")),
    ("none", None, ("L: We withdraw our support.", "Chair: Okay, that is agreed.")),
    ("none", None, ("Chair: That's agreed, apart from the DNOs who are against.",)),
    ("none", None, ("L: The Large Suppliers cannot support this.", "Chair: That is agreed.")),
    ("none", None, ("Chair: Are we agreed?", "L: Agreed.", "D: No, we object.", "Chair: Thank you.")),
    ("none", None, ("Chair: That is agreed.", "D: Sorry Chair, that is not agreed, we object.")),
    ("none", None, ("Chair: Are we content to approve the plan?", "S: No objections, but only if the date moves.", "Chair: Thanks.")),
    ("none", None, ("Chair: Any objections to approving the plan?", "L: Yes.", "Chair: Okay.")),
    ("none", None, ("Chair: Are members content to approve the plan?", "D: No.", "Chair: Thank you.")),
    ("none", None, ("Chair: That is agreed.", "L: Yeah right, in your dreams.")),
    ("none", None, ("Chair: We have not reached a conclusion on the data cleanse plan.",)),
    ("none", None, ("we can't support this", "so that's agreed then")),
    ("none", None, ("L: I am not withdrawing my objection.", "L: Our objection stands.", "Chair: The plan is approved.")),
    ("none", None, ("D: The DNOs are against moving the date.", "Chair: Okay, so we are all agreed to move the date.")),
    ("none", None, ("Chair: Agreed?", "L: We don't agree.", "S: Agreed.")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "reached_by", "lines"), CLOSURES, ids=[" / ".join(row[2])[:90] for row in CLOSURES]
)
def test_a_closure_has_its_outcome(outcome: str, reached_by: str | None, lines: tuple[str, ...]) -> None:
    decision = only_decision(*lines)
    assert (decision.outcome, decision.reached_by) == (outcome, reached_by), decision.text
    if outcome == "none":
        assert "to be confirmed" in decision.text
        assert decision.confidence <= 0.5


NO_CLOSURES: list[tuple[str, ...]] = [
    ("Chair: I'm minded to approve, but let's hear from Ofgem first.",),
    ("Chair: It is hardly agreed, is it.",),
    ("Chair: Nothing is agreed until everything is agreed.",),
    ("Chair: If that is agreed we can start in March.",),
    ("Chair: Once approved, the plan will be published.",),
    ("Chair: As agreed at the last meeting, the plan was published.",),
    ("Chair: That was agreed last month.",),
    ("L: I agree with Dana on the dates.",),
    ("Chair: Are we happy to move on?", "L: Yes."),
    ("Chair: Can everyone see my screen?", "L: Yes."),
    ("P: The agreed plan has four releases.",),
    ("L: We could escalate this to Ofgem if it gets worse.",),
    ("P: This needs to be approved by March.",),
    ("L: I hope that is approved soon.",),
    ("P: I refer you to slide three of the pack.",),
    ("L: We accept the risk on our side of the fence.",),
]


@pytest.mark.parametrize("lines", NO_CLOSURES, ids=[row[0] for row in NO_CLOSURES])
def test_what_is_no_closure_drafts_no_decision(lines: tuple[str, ...]) -> None:
    assert [d.text for d in draft_of(*lines).decisions] == []


def test_a_level_4_group_recommends() -> None:
    decision = only_decision("Chair: Are we agreed to approve the cutover plan?", "L: Agreed.", level=4)
    assert decision.reached_by == "recommendation"
    assert "recommendation was to approve the cutover plan" in decision.text


def test_a_decision_says_what_was_decided_and_rests_on_the_words() -> None:
    lines = (
        "P: PSG is asked to approve the migration plan version 2.",
        "Chair: Any objections?",
        "L: No.",
        "Chair: That's agreed.",
    )
    decision = only_decision(*lines)
    assert decision.text == "The group agreed to approve the migration plan version 2."
    assert decision.segment == "3"
    assert decision.at == 15.0
    assert {e.segment for e in decision.evidence} >= {"0", "3"}


def test_the_published_recommendation_is_used_where_nobody_repeats_it() -> None:
    agenda = Agenda(items=[AgendaItem(title="Cutover approach", recommendation="Approve the cutover approach.")])
    draft = draft_of(
        "Chair: Item 1, the cutover approach.",
        "L: Our view is that it is a good one.",
        "Chair: That is agreed.",
        agenda=agenda,
    )
    assert [d.text for d in draft.decisions] == ["The group agreed to approve the cutover approach."]
    assert draft.decisions[0].item == "1"


def test_an_agreement_to_refuse_is_worded_as_a_refusal() -> None:
    said = only_decision(
        "Chair: Are we agreed to reject change request 45?", "L: Agreed.", "Chair: That is agreed."
    ).text
    assert said == "The group did not approve change request 45."
    said = only_decision("P: PSG is asked to approve change request 45.", "Chair: That is not agreed.").text
    assert said == "The group did not agree to approve change request 45."


def test_two_recommendations_are_two_decisions() -> None:
    draft = draft_of("Chair: Recommendation one is agreed.", "Chair: Recommendation two is rejected.")
    assert [d.outcome for d in draft.decisions] == ["accept", "reject"]
    assert [d.ref for d in draft.decisions] == ["D-01", "D-02"]


def test_a_sentence_over_two_segments_is_read_whole_and_anchored_where_it_is_said() -> None:
    decision = only_decision(
        "The recommendation is to approve the", "interim migration plan.", "Okay so that is", "agreed."
    )
    assert decision.outcome == "accept"
    assert "interim migration plan" in decision.text
    assert decision.segment == "2"


ACTIONS: list[tuple[str, list[str], str | None, tuple[str, ...]]] = [
    ("send the revised plan", ["Lars Large"], "2024-02-09", ("L: I'll send the revised plan by Friday.",)),
    ("circulate the updated RAID log", ["PMO"], "2024-02-29", ("Chair: PMO to circulate the updated RAID log by the end of the month.",)),
    ("publish the test results", ["PMO"], "2024-11-20", ("The PMO will publish the test results by 20 November.",)),
    ("provide a cost estimate", ["Dana Wires"], None, ("Chair: Action on Dana to provide a cost estimate.",)),
    ("look into the defect figures", ["Dana Wires"], None, ("Chair: Could you look into the defect figures?", "D: Yes, will do.")),
    ("confirm the dates with Elexon", ["Lars Large"], "by next PSG", ("L: I will take an action to confirm the dates with Elexon by next PSG.",)),
    ("send the committee a note", ["Dana Wires"], "2024-02-21", ("Chair: Dana, could you send the committee a note within two weeks?",)),
    ("write to all parties", ["Sam Small"], "2024-02-08", ("S: We will write to all parties tomorrow.",)),
    ("share the test data", ["Large Supplier"], None, ("Speaking for the Large Suppliers, we will share the test data.",)),
]  # fmt: skip


@pytest.mark.parametrize(("task", "owner", "due", "lines"), ACTIONS, ids=[row[0] for row in ACTIONS])
def test_an_undertaking_is_an_action(task: str, owner: list[str], due: str | None, lines: tuple[str, ...]) -> None:
    actions = draft_of(*lines).actions
    assert len(actions) == 1, [a.text for a in actions]
    assert task in actions[0].text
    assert (actions[0].owner, actions[0].due) == (owner, due)
    assert actions[0].ref == "A-01"


@pytest.mark.parametrize(
    "line",
    [
        "Chair: Could you mute your microphone please?",
        "P: I'll share my screen now.",
        "Chair: I'll hand over to Pat for the next item.",
        "Chair: We'll come back to that in a moment.",
        "Chair: Could you repeat that for the room?",
        "L: I won't send the plan.",
        "L: If asked, we might write to them.",
        "Chair: I'll take that as read.",
    ],
)
def test_a_courtesy_is_no_action(line: str) -> None:
    assert [a.text for a in draft_of(line).actions] == []


VIEWPOINTS = [
    ("Large Supplier", "supports", "The Large Supplier Representative supported the later date.", "L: We support the later date."),
    ("DNO", "concern", "The DNO Representative expressed concern that the window was too short.", "D: We're concerned that the window is too short."),
    ("Small Supplier", "objects", "The Small Supplier Representative objected, saying that they could not support the new milestone.", "S: We cannot support the new milestone."),
    ("Small Supplier", "abstains", "The Small Supplier Representative took no position, saying that they would abstain on this one.", "S: I'll abstain on this one."),
    ("Large Supplier", "objects", "The Large Supplier Representative objected, saying that they did not agree with the new date.", "Speaking for the Large Suppliers, we don't agree with the new date."),
    ("DNO", "concern", "The DNO Representative expressed concern about the resource in March.", "From the DNO constituency, we are worried about the resource in March."),
    ("Small Supplier", "supports", "The Small Supplier Representative supported the phased approach.", "As the Small Supplier Representative, I support the phased approach."),
]  # fmt: skip


@pytest.mark.parametrize(("constituency", "stance", "text", "line"), VIEWPOINTS, ids=[row[3] for row in VIEWPOINTS])
def test_a_view_is_reported_for_its_constituency(constituency: str, stance: str, text: str, line: str) -> None:
    views = draft_of(line).viewpoints
    assert [(v.constituency, v.stance, v.text) for v in views] == [(constituency, stance, text)]


def test_ofgem_speaks_but_is_no_constituency() -> None:
    (view,) = draft_of("Speaking for Ofgem, we have concerns about the consumer impact of this.").viewpoints
    assert (view.speaker, view.constituency) == ("Ofgem", None)


def test_a_risk_is_a_raid_item() -> None:
    draft = draft_of(
        "P: There is a risk that the test data will not be ready in March.", "P: Is there a risk that we overrun here?"
    )
    assert [(r.kind, r.text) for r in draft.raid] == [
        ("risk", "A risk was raised that the test data would not be ready in March.")
    ]


def test_agenda_items_begin_where_the_chair_turns_to_them() -> None:
    agenda = Agenda(
        items=[
            AgendaItem(title=t)
            for t in ("Minutes and actions", "Migration plan", "Code drafting", "Any other business")
        ]
    )
    draft = draft_of(
        "Chair: Welcome everyone, let's start with the minutes and actions.",
        "P: Two actions are open.",
        "Chair: Moving on to item two, the migration plan.",
        "L: We think the plan is sound.",
        "Chair: Any other business?",
        "D: Nothing from me.",
        agenda=agenda,
    )
    assert [(i.item, i.segment) for i in draft.agenda] == [("1", "0"), ("2", "2"), ("4", "4")]


def test_coverage_lists_what_no_line_rests_on() -> None:
    coverage = draft_of("Chair: Good morning.", "L: We support the later date.", "Lovely weather.").coverage
    assert coverage.speech_seconds == 15.0
    assert coverage.represented_seconds == 5.0
    assert coverage.unattributed_seconds == 5.0
    assert [u.segments for u in coverage.unrepresented] == [["0"], ["2"]]


VTT = """WEBVTT

NOTE made by a meeting service

1
00:00:01.000 --> 00:00:04.000 align:start
<v Priya Chairing>Are we agreed to approve

00:00:03.500 --> 00:00:06.000
<v Priya Chairing>the migration plan &amp; its annex?</v>

00:06.500 --> 00:07.000
<v Lars Large>Agreed.</v>
<v Dana Wires>Agreed.</v>

00:00:08.000 --> 00:00:09.000
Sam Small: Agreed.
"""


def saved(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_webvtt_with_voices_and_prefixes(tmp_path: Path) -> None:
    transcript = read_transcript(saved(tmp_path, "psg.vtt", VTT))
    assert [(s.speaker, s.text, s.start) for s in transcript.segments] == [
        ("Priya Chairing", "Are we agreed to approve the migration plan & its annex?", 1.0),
        ("Lars Large", "Agreed.", 6.5),
        ("Dana Wires", "Agreed.", 6.5),
        ("Sam Small", "Agreed.", 8.0),
    ]
    draft = draft_from(transcript, group="PSG", held_on=HELD_ON, level=2, agenda=Agenda(), attendance=MEMBERS)
    assert [(d.outcome, d.text) for d in draft.decisions] == [
        ("accept", "The group agreed to approve the migration plan & its annex.")
    ]


def test_webvtt_without_speakers(tmp_path: Path) -> None:
    text = "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nNote: that is agreed.\n"
    (segment,) = read_transcript(saved(tmp_path, "psg.vtt", text)).segments
    assert (segment.speaker, segment.text) == (None, "Note: that is agreed.")


@pytest.mark.parametrize("cut", range(60, len(VTT)))
def test_webvtt_cut_off_anywhere_is_read_up_to_the_cut(tmp_path: Path, cut: int) -> None:
    whole = " ".join(s.text for s in read_transcript(saved(tmp_path, "whole.vtt", VTT)).segments)
    path = saved(tmp_path, "cut.vtt", VTT[:cut])
    if cut < VTT.index("Are we") + 1:
        with pytest.raises(SecretariatError, match="no speech"):
            read_transcript(path)
        return
    texts = [s.text for s in read_transcript(path).segments]
    assert all(text in whole for text in texts[:-1])


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("empty.vtt", "WEBVTT\n", "holds no speech"),
        ("empty.json", '{"audio":{"name":"a","duration":0},"engine":"e","segments":[]}', "holds no speech"),
        ("notes.txt", "We met and agreed.", "neither our JSON nor WebVTT or SRT"),
        ("bad.json", '{"audio":{"name":"a","duration":0},"engine":"e","segments":[{"id":"1"}]}', "segments.0.start"),
        ("cut.json", '{"audio":{"name":', "not whole"),
    ],
)
def test_an_unusable_transcript_is_refused_in_one_sentence(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(SecretariatError, match=says) as refusal:
        read_transcript(saved(tmp_path, name, text))
    assert name in str(refusal.value)


def test_agenda_and_members_are_read_from_yaml_and_json(tmp_path: Path) -> None:
    agenda = read_agenda(saved(tmp_path, "agenda.yaml", "items:\n  - title: Migration plan\n    number: 2\n"))
    assert agenda.items == [AgendaItem(title="Migration plan", number="2")]
    members = read_members(saved(tmp_path, "members.json", json.dumps({"chair": "A", "members": [{"name": "B"}]})))
    assert (members.chair, members.members[0].name) == ("A", "B")
    with pytest.raises(SecretariatError, match=r"broken\.yaml"):
        read_agenda(saved(tmp_path, "broken.yaml", "items: [: ["))
    with pytest.raises(SecretariatError, match=r"items\.0\.title"):
        read_agenda(saved(tmp_path, "untitled.yaml", "items:\n  - number: 2\n"))


PHRASES = st.sampled_from(
    ["that is agreed", "any objections?", "No.", "we can't support it", "I'll send the plan by Friday", "’", "“quote”",
     "subject to the review.", "speaking for the DNOs", "by 31 November", "Item 2", "refer it back to DAG", "\u2028", "İ", "42.5%"]
)  # fmt: skip
TEXTS = st.lists(st.one_of(st.text(max_size=60), PHRASES), max_size=6).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.sampled_from([None, "Lars Large", "Priya Chairing", "?"])), max_size=8))
def test_every_quote_is_verbatim_and_every_draft_is_json(lines: list[tuple[str, str | None]]) -> None:
    segments = [Segment(id=str(i), start=i, end=i + 1.5, speaker=who, text=text) for i, (text, who) in enumerate(lines)]
    transcript = Transcript(audio=Audio(name="x", duration=9), engine="x", segments=segments)
    agenda = Agenda(items=[AgendaItem(title="Plan"), AgendaItem(title="Review of the plan")])
    draft = draft_from(transcript, group="PSG", held_on=HELD_ON, level=2, agenda=agenda, attendance=MEMBERS)
    texts = {s.id: s for s in segments}
    drafted: tuple[Line, ...] = (*draft.decisions, *draft.actions, *draft.viewpoints, *draft.raid)
    for line in drafted:
        assert line.evidence
        assert all(e.quote and e.quote in texts[e.segment].text for e in line.evidence)
        assert line.at is not None
        assert texts[line.segment].start <= line.at <= texts[line.segment].end
    assert Draft.model_validate_json(draft.model_dump_json()) == draft

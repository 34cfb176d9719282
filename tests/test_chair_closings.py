# ruff: noqa: E501  (a conversation a line reads as a table)
"""How a Chair closes an item, in our own words: no refusal, objection or doubt may be drafted as agreement."""

from __future__ import annotations

import pytest

from tests.test_headlines import draft_of

AGREED: list[tuple[str, ...]] = [
    ("Chair: Are you happy to note those?", "L: Yes."),
    (
        "Chair: Item 3 is papers to note.",
        "Chair: Are you content to note those papers on that basis?",
        "Chair: Okay. Thanks very much.",
    ),
    ("Chair: Happy to note? Yes. Thank you.",),
    (
        "Chair: Are there any objections to the recommendation to approve the plan?",
        "Chair: There are no objections. We have consensus. The recommendation is accepted.",
    ),
    ("Chair: The papers are there to note.", "Chair: Is everybody happy with that? Okay."),
    ("Chair: Shall we note those papers?", "L: Yes."),
    ("Chair: Can we note those papers, please? Thank you.",),
    ("Chair: There are four papers to note. Content? Content.",),
    ("Chair: I propose that we meet in private for the rest of the meeting. Agreed? Thank you.",),
    ("Chair: Motion under Standing Order 17.42 to exclude the public. Does any Member object? No. Thank you.",),
    (
        "Chair: I now propose, in accordance with Standing Order 17.42, that the committee resolves to exclude the public.",
        "Chair: Is the committee content? I see that Members are content.",
    ),
    ("Chair: Do members agree to publish the plan?", "L: Agreed.", "D: Agreed."),
    ("Chair: Do we all agree with that recommendation?", "L: We do."),
    ("Chair: The recommendation is to adopt option B.", "Chair: Is that agreed?", "L: Agreed."),
    ("Chair: I see that members are content to approve the plan.",),
    ("Chair: Is everybody okay with approving the plan?", "L: Yes."),
    ("Chair: I propose we approve the cutover plan.", "Chair: Is that all right with everyone?", "L: Yes, fine."),
    ("Chair: Are we content with that recommendation?", "L: Yes.", "Chair: Good."),
    ("Chair: If members are content, we'll note those papers. Okay. Thank you.",),
    ("Chair: Is there unanimous consent to adopt the motion?", "L: Yes.", "Chair: Thank you, agreed."),
    ("Chair: I hear none opposed. It is agreed.",),
    ("Chair: Those in favour? That's everyone. Carried.",),
    ("Chair: May I take it that the group approves the plan?", "L: Yes."),
    ("Chair: So that's a yes to the revised plan from everybody.",),
    ("Chair: PSG is content to approve CR 31.",),
    ("Chair: No objections? Then CR 31 is approved.",),
    ("Chair: I'm going to take silence as agreement, so the plan is approved.",),
    ("Chair: Good, then we have consensus on the plan. Approved.",),
    ("Chair: Can I get agreement to the revised dates?", "L: Agreed.", "S: Agreed."),
    ("Chair: That recommendation is therefore approved.",),
    ("Chair: Right, that's signed off.",),
    ("Chair: So the decision of this group is to approve the change request.",),
    ("Chair: Having weighed the views, I have decided to approve the change request.",),
]

DECIDED_OTHERWISE: list[tuple[str, tuple[str, ...]]] = [
    ("reject", ("Chair: Are we agreed to approve CR 31?", "L: No.", "Chair: Then CR 31 is not approved.")),
    ("reject", ("Chair: I'm afraid it's a no from this group to CR 31.",)),
    ("reject", ("Chair: CR 31 is not supported and is therefore rejected.",)),
    ("reject", ("Chair: My decision is not to approve CR 31.",)),
    ("reject", ("Chair: My decision is to reject CR 31.",)),
    ("reject", ("Chair: We're not going to approve CR 31.",)),
    ("reject", ("Chair: The group does not approve the plan.",)),
    ("reject", ("Chair: The group agreed not to approve CR 31.",)),
    ("reject", ("Chair: I'm not minded to accept this and I am rejecting it.",)),
    ("reject", ("Chair: That's turned down, then.",)),
    ("reject", ("Chair: So the recommendation has not been accepted.",)),
    ("reject", ("Chair: It's agreed that we reject CR 31.",)),
    ("reject", ("Chair: Is it agreed that the plan is rejected?", "L: Agreed.")),
    ("reject", ("Chair: We decided against moving the date.",)),
    ("reject", ("Chair: Consensus is that we do not proceed with option B.",)),
    ("reject", ("Chair: Everyone is agreed that this should not go ahead.",)),
    ("reject", ("Chair: CR 31 does not have the support of this group, so it is not approved.",)),
    ("refer", ("Chair: I'd like the working group to take this away and do more analysis, so it's referred back.",)),
    ("refer", ("Chair: We'll send this back to the MWG for further analysis.",)),
    ("refer", ("Chair: Agreed that this goes back to SITAG for more work.",)),
    ("refer", ("Chair: So not approved today; referred back to the DAG.",)),
    ("accept_subject_to", ("Chair: Approved, subject to the legal drafting.",)),
    ("accept_subject_to", ("Chair: PSG approves the plan provided that the defects are fixed by March.",)),
    ("accept_subject_to", ("Chair: We are content, conditional on Ofgem's confirmation, to approve the plan.",)),
    ("accept_subject_to", ("Chair: So that's agreed, as long as the DNOs get their two weeks.",)),
    ("escalate", ("Chair: That meets the threshold, so this one is escalated to Ofgem via the IPA.",)),
    ("escalate", ("Chair: We will refer this to PSG for a decision.",)),
    ("deferred", ("Chair: Let's hold this over until the next meeting.",)),
    ("deferred", ("Chair: We're not taking a decision today, this is deferred to April.",)),
    ("withdrawn", ("Chair: The paper is withdrawn.",)),
    ("reject", ("Chair: Resolved: reject change request 45.",)),
    ("reject", ("Chair: Decision: not to approve change request 45.",)),
    ("reject", ("P: Decision: to refuse the exemption.",)),
    ("deferred", ("Chair: Decision: defer the budget to March.",)),
    ("refer", ("Chair: Decision: refer the plan back to the DAG.",)),
    ("escalate", ("Chair: Resolved: escalate the budget to Ofgem.",)),
    ("noted", ("Chair: Decision: note the dashboard.",)),
    ("reject", ("Chair: Approval is refused.",)),
    ("reject", ("Chair: The decision of the group is no.",)),
    ("reject", ("Chair: Everyone agrees it must not proceed.",)),
    (
        "reject",
        (
            "Chair: All those in favour?",
            "L: Aye.",
            "Chair: Against?",
            "D: Aye.",
            "S: Aye.",
            "Chair: The motion is lost.",
        ),
    ),
    ("reject", ("Chair: As SRO I am refusing consent.",)),
    ("reject", ("Chair: Resolved that the request be refused.",)),
]

NEVER_AGREEMENT: list[tuple[str, ...]] = [
    ("Chair: Are we agreed to approve CR 31?", "L: Agreed.", "S: Not agreed.", "Chair: Okay, moving on."),
    ("Chair: Any objections?", "S: Yes, the small suppliers object.", "Chair: Thank you, that's agreed."),
    ("Chair: Any objections?", "S: I'm afraid so.", "Chair: Okay. Approved."),
    ("Chair: No objections?", "S: Well, one.", "Chair: Okay. Approved."),
    ("Chair: Are we all content?", "D: We'd rather not.", "Chair: Right, thanks."),
    ("Chair: Are we all content?", "D: We have reservations and can't agree today.", "Chair: Right, that's agreed."),
    ("Chair: Any objections?", "L: No objections, but we cannot sign up to the date.", "Chair: OK agreed."),
    ("Chair: Any objections?", "L: No, but the DNOs haven't been consulted.", "Chair: Thank you."),
    ("Chair: Are we agreed?", "L: Agreed with the principle, not with the date.", "Chair: Thank you."),
    ("Chair: That is agreed.", "S: Chair, for the record, we voted against."),
    ("Chair: So that's agreed.", "S: No it isn't."),
    ("Chair: So that's agreed.", "S: Hang on, we haven't agreed that."),
    ("Chair: So approved.", "S: We don't consent to that."),
    ("D: That would be unacceptable to the DNOs.", "Chair: So that's approved."),
    ("S: I must register an objection.", "Chair: The plan is approved."),
    ("S: We're opposed to this.", "L: So are we.", "Chair: Good, agreed then."),
    ("S: I withdraw my earlier objection.", "L: I don't withdraw mine.", "Chair: Agreed then."),
    ("Chair: That's agreed then, is it?", "S: Oh yes, sure, and pigs might fly."),
    ("Chair: Approved, I wish.",),
    ("Chair: I don't think that is agreed.",),
    ("Chair: That can't be approved today.",),
    ("Chair: I would not say that that is agreed.",),
    ("Chair: Is that agreed?", "S: Never.", "Chair: Thank you."),
    ("Chair: Is that agreed?", "S: Absolutely not.", "Chair: Thank you."),
    ("Chair: Is that agreed?", "S: Not from us.", "Chair: Thank you."),
    ("Chair: Happy to approve?", "L: Not happy, no.", "Chair: Thanks."),
    ("Chair: Happy to approve?", "L: Happy in principle, but we need the impact assessment first.", "Chair: Thanks."),
    ("Chair: Can we approve it?", "L: We can't.", "Chair: OK."),
    ("Chair: Everyone in favour?", "L: No.", "Chair: OK."),
    ("Chair: We have agreement from all but the DNOs.",),
    ("Chair: That is nearly agreed.",),
    ("Chair: That is not yet agreed.",),
    ("Chair: That was going to be approved, but the DNOs objected.",),
    ("are we happy with that", "know we are not", "ok then"),
    ("so is everyone content", "no", "thanks"),
    ("any objections to that", "yes i object", "okay approved"),
    ("any objection", "yeah from us", "right approved then"),
    ("Chair: I think we would be agreed if the date moved.",),
    ("Chair: The plan is approved.", "D: With respect, Chair, the DNOs did not agree."),
    ("Chair: The plan is approved.", "D: We need it minuted that we dissent."),
    ("D: The answer from the DNOs is no.", "Chair: That's agreed then."),
    ("D: It's a no from us.", "Chair: That's agreed then."),
    ("D: We are not in a position to support it.", "Chair: Thanks, so that is agreed."),
    ("D: We're minded to oppose.", "Chair: Thanks, so that is agreed."),
    ("Chair: Agreed?", "D: Only under protest.", "Chair: Thanks."),
    ("Chair: Agreed?", "D: Subject to seeing the drafting.", "Chair: Thanks."),
    ("Chair: I'd love to say that is approved.",),
    ("Chair: I'm not hearing agreement.",),
    ("Chair: I'm not hearing that we are agreed.",),
    (
        "Chair: Are we agreed?",
        "L: Agreed, but the DNOs have left the call.",
        "D: We are here and we are not happy.",
        "Chair: Noted, thank you.",
    ),
    ("Chair: I take that as agreed.", "D: It was not agreed, Chair."),
    ("any objection know then", "yes we object", "right"),
    ("that's a greed", "no it isn't"),
    ("Chair: So we're all happy?", "S: Far from it.", "Chair: Thank you."),
    ("Chair: Can I take that as approved?", "L: You can't.", "Chair: Okay."),
    ("Chair: Can I take that as approved?", "L: Not yet.", "Chair: Okay."),
    ("Chair: Any objections to CR 31?", "S: We have an objection.", "Chair: Okay, thanks. Next item."),
    ("Chair: Are we agreed?", "L: With the greatest respect, no.", "Chair: Thank you."),
    ("Chair: Is everybody content?", "D: The DNOs are not.", "Chair: Thank you."),
    ("Chair: So that's agreed then.", "D: Agreed? I never agreed."),
    ("Chair: Are we content?", "D: Content is a strong word.", "Chair: Right, moving on."),
    ("Chair: We are agreed to disagree on CR 31.",),
    ("Chair: Any objections?", "D: Several.", "Chair: OK. Next."),
    ("Chair: Any objections?", "D: Not at this point, but we reserve our position.", "Chair: Agreed then."),
    ("Chair: The plan is approved, unless anyone objects.", "S: I object.", "Chair: Ah."),
    ("Chair: I'd have said agreed, but clearly it isn't.",),
    ("Chair: That would have been approved had the DNOs agreed.",),
    ("Chair: Agreed?", "L: I'd need to check with my constituency first.", "Chair: Thanks."),
    ("Chair: It's agreed that no decision is taken today.",),
    ("Chair: Members agreed unanimously against the proposal.",),
    ("Chair: Are members minded to approve?", "L: On the contrary.", "Chair: Thank you, noted."),
]


@pytest.mark.parametrize("lines", AGREED, ids=[" / ".join(row)[:90] for row in AGREED])
def test_everyday_committee_english_is_read_as_agreement(lines: tuple[str, ...]) -> None:
    decisions = draft_of(*lines).decisions
    assert [d.outcome in ("accept", "noted") for d in decisions] == [True], [(d.outcome, d.text) for d in decisions]


@pytest.mark.parametrize(
    ("outcome", "lines"), DECIDED_OTHERWISE, ids=[" / ".join(row[1])[:90] for row in DECIDED_OTHERWISE]
)
def test_another_outcome_is_read_as_such(outcome: str, lines: tuple[str, ...]) -> None:
    decisions = draft_of(*lines).decisions
    assert [d.outcome for d in decisions] == [outcome], [(d.outcome, d.text) for d in decisions]


@pytest.mark.parametrize("lines", NEVER_AGREEMENT, ids=[" / ".join(row)[:90] for row in NEVER_AGREEMENT])
def test_doubt_is_never_drafted_as_agreement(lines: tuple[str, ...]) -> None:
    decisions = draft_of(*lines).decisions
    assert not [d.text for d in decisions if d.outcome in ("accept", "accept_subject_to", "noted")]
    assert all("to be confirmed" in d.text for d in decisions if d.outcome == "none")

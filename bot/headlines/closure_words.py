# ruff: noqa: E501  (phrases read better whole)
"""The tables of closing language: the outcome that a turn of phrase stands for, and how far it can be trusted (0 to 1).

To teach the bot a phrase, add a row here and a line to the table of tests/test_headlines.py. Matching ignores case.
"""

from __future__ import annotations

from bot.formats import DecisionOutcome

_THING = (
    r"(?:recommendations?|proposals?|papers?|plans?|requests?|motions?|minutes|reports?|baselines?|approach"
    r"|changes?|items?|options?|"
    r"documents?|terms of reference|dates?|schedules?|strategy|criteria|amendments?|releases?|budgets?|design"
    r"|letters?|agenda)"
)
_IT = (
    rf"(?:(?:that|this)(?: one)?|it|these|those|they|both|(?:the|this|that|both|all|our)(?: [\w'&/.-]+){{0,7}}? {_THING}(?: "
    rf"[\w'&/.-]+){{0,6}}?"
    rf"|(?:cr|change request|decision) ?\d+|{_THING} (?:\d+|one|two|three|four|five|a|b|c))"
)
_ANY = rf"(?:{_IT}|(?:the|this|that|your)(?: [\w'&/.-]+){{1,8}}?)"
# wider, for refusals only: a refusal must not be missed
IS = r"(?:'s|'re| is| are|'s been| has been| have been| stands?)"
_ADV = (
    r"(?:,? (?:then|now|therefore|hereby|all|duly|formally|unanimously|also|so|thus|clearly|well|both|just|today"
    r"|however|regrettably|simply|sadly|er|erm|um|uh))*,?"
)
_YES = (
    r"(?:agreed|a greed|agree'd|approved|aproved|accepted|excepted|carried|endorsed|adopted|ratified|passed|signed off)"
)
_WE = (
    r"(?:we|the (?:group|committee|board|meeting|members)|members|everyone|everybody|psg|dag|sitag|mcag|qag|ccag"
    r"|[a-z]{1,4}(?:ag|wg|sg))"
)
_WILL = (
    r"(?:'ll| will|'re going to| are going to|'m going to| am going to| shall| must| need to| propose to| would "
    r"like to|'d like to| have to)?"
)
_OPEN = (
    r"(?:to|that|on|with|this|these|the|a|an|it|those|all|both|recommendation|option|change request|cr|by "
    r"consensus|of)\b"
)

# In this order: where a sentence says two things, the one further from a plain yes wins.
STATEMENTS: tuple[tuple[DecisionOutcome, str, float], ...] = (
    ("withdrawn", rf"\b(?!{_IT} objections?){_IT}{IS}?{_ADV} withdrawn\b(?! (?:my|our|the|their) objection)", 0.8),
    ("withdrawn", r"\b(?:i|we)(?:'ll| will| am|'m|'d like to| would like to| are|'re| wish to)?(?: now| "
                  r"therefore)* withdraw(?:ing)? (?:this|that|it|the)\b(?!(?: \w+){0,2} objections?)", 0.8),
    ("escalate", rf"\b(?:{_WE}{_WILL}|i{_WILL}|let's|{_IT}{IS}|{_IT} (?:will be|needs to be|must be|goes|has to "
                 rf"be)|decision (?:is )?(?:to|to be))(?: [\w']+){{0,5}}? escalat(?:e|es|ed|ing)\b(?! (?:cost"
                 rf"|price)s?)", 0.8),
    ("escalate", r"\b(?:goes|go|going|taken?|taking|pass(?:ed)?|put) (?:this |that |it )?(?:up |on )?(?:to|with) "
                 r"(?:the )?(?:ofgem|psg|sro|ipa)\b", 0.6),
    ("escalate", rf"\b(?:{_WE}{_WILL}|i{_WILL}|let's)(?: now| therefore)* refer (?:this|that|it|the [\w' ]{{2,60}}?) "
                 r"(?:up )?to (?:the )?(?:psg|ofgem|sro|ipa)\b|\brefer(?:red|ring)?(?: up)? to (?:the )?(?:psg|ofgem|ipa)\b", 0.75),
    ("refer", rf"\b{_IT}{IS}{_ADV} referred back\b|\b(?:{_WE}{_WILL}|i{_WILL}) refer (?:it|this|that|them) back\b", 0.8),
    ("refer", r"\b(?:refer(?:red|ring)?|remit(?:ted)?)(?: [\w']+){0,8}? back (?:to|for|into|round)\b(?! (?:you|me"
              r"|that|this|the slide|slide))", 0.75),
    ("refer", r"\b(?:send|sent|sending|take|taken|taking|goes?|going|hand(?:ed)?|pass(?:ed)?|put)(?: (?:this|that"
              r"|it|the [\w' ]{2,40}?))? back (?:to (?:the )?(?:\w+ )?(?:[a-z]{1,4}(?:ag|wg|sg)|psg|drg|working "
              r"group|advisory group|sub-?group|authors?|team|drawing board|programme|pmo)\b|for (?:further|more"
              r"|additional) )", 0.75),
    ("refer", rf"\b(?:{_WE}{_WILL}|i{_WILL}|let's)(?: now| therefore)* refer (?:this|that|it|the [\w' ]{{2,60}}?) "
              rf"(?:to|for|on)\b", 0.8),
    ("refer", rf"\b{_IT}(?:{IS}| will be){_ADV} referred (?:to|for|on)\b(?! as)", 0.8),
    ("none", r"\b(?:not|n't|never) (?:yet )?(?:reached|reach|got|have|come to) (?:a |an |any )?(?:conclusion"
             r"|consensus|agreement|decision)\b|\bno (?:consensus|agreement|decision)\b(?! (?:has been )?needed)"
             r"|\b(?:not going to|won't|can't|cannot|not able to) (?:decide|take a decision|make a decision|reach "
             r"a decision)(?! (?:on )?without)", 0.4),
    ("none", r"\bagree[ds]? to (?:disagree|differ)\b", 0.4),
    ("none", r"\b(?:don't think|do not think|not sure|not in a position|unable|not able|not ready)(?: "
             r"[\w']+){0,4}? (?:approve|accept|agree|endorse|decide|sign)\b", 0.4),
    ("deferred", rf"\b(?:{_WE}{_WILL}|i{_WILL}|let's|{_IT}(?:{IS}| will be| needs to be)|decision{IS}?)(?: "
                 rf"[\w']+){{0,3}}? (?:defer(?:red|ring)?|defers|postponed?|held over|hold (?:this|that|it) over"
                 rf"|carried over|stood over|differed to)\b", 0.8),
    ("deferred", r"\b(?:we'll|we will|let's|i'll|i will) (?:bring|push|put|move|carry|hold|park) (?:this|that|it"
                 r"|this one|that one|the (?:decision|paper|item|recommendation))(?: back| off| over| forward| "
                 r"out)? (?:to|until|till|at|for) (?:the )?(?:next|a later|a future|january|february|march|april"
                 r"|may|june|july|august|september|october|november|december|[a-z]+'s meeting)\b", 0.7),
    ("reject", rf"\b{_ANY}(?:{IS}|'s| will| was)?{_ADV}(?:(?: not|n't),?)+(?: been| be| being)?{_ADV} {_YES}\b", 0.85),
    ("reject", r"\b(?:approval|consent|agreement) (?:is|was) (?:therefore )?(?:refused|withheld|denied|declined|not given)\b"
               r"|\bdecision(?: (?:of|from) [\w ]{3,30}?)? is (?:a )?no\b(?! longer)", 0.8),
    ("reject", rf"\b(?:{_WE}|it is|it's) (?:are |is |all |now )*agree[ds]? (?:that )?(?:it|this|that|we|the [\w ]{{3,30}}?) "
               r"(?:must|should|shall|do|does|will|would|can)(?: not|n't) (?:be )?(?:proceed|go ahead|approved?|accepted?|adopted?"
               r"|happen)\b", 0.75),
    ("reject", r"\b(?:decision|consensus|view|recommendation)(?: (?:of|from) [\w ]{3,30}?)? (?:is|was) (?:not to|that (?:we|it"
               r"|this) (?:do|does|did|should|will|would|must|can)(?: not|n't)|to (?:reject|refuse|decline|turn down))\b", 0.85),
    ("reject", rf"\b(?:{_WE}|i)(?:'ve| have| has|'m| am|'re| are)?(?: [\w']+)? (?:agreed|decided|resolved|minded|deciding"
               r"|going) (?:not to (?:approve|accept|agree|endorse|adopt|proceed|support|go ahead)|to reject|to refuse)\b", 0.8),
    ("reject", r"\b(?:it's|that's|it is|that is|this is) (?:therefore )?(?:a )?no from (?:this|the|our) group\b|\band (?:is|are) "
               r"therefore (?:rejected|refused|declined|not (?:approved|agreed|accepted))\b", 0.8),
    ("reject", r"\b(?:motion|amendment|proposal|recommendation|resolution|vote|request)s?(?: [\w']+){0,4}? (?:is|are|was|were)"
               rf"(?: therefore)? lost\b|^(?:so |and |then |,)*{_IT} (?:is|was)(?: therefore)? lost\b", 0.8),
    ("reject", rf"\b{_ANY}(?:{IS}| was){_ADV}(?: being)? (?:refused|rejected|declined|turned down|dismissed"
               rf"|defeated|voted down|thrown out)\b", 0.85),
    ("reject", r"\b(?:motion|recommendation|proposal|request|paper) (?:(?:falls|fails)\b(?! (?:to|on|into|under|within|back)\b)|is a no\b)|\bthe answer(?:'s| "
               r"is) (?:a )?no\b|\bthat(?:'s| is) a no\b|^(?:rejected|refused|not (?:agreed|approved))\b|\bnot "
               r"(?:approved|agreed) then\b", 0.8),
    ("reject", rf"\b(?:{_WE}|i)(?:'ve| have|'ll| will|'m| am|'re| are)?(?: [\w']+){{0,2}}? (?:reject(?:s|ed|ing)?"
               rf"|refus(?:e|es|ed|ing)|declin(?:e|es|ed|ing)|turn(?:ing)? down) (?!to (?:believe|comment))", 0.75),
    ("reject", rf"\b(?:{_WE}|i)(?: do| does| did| can| could| will| would| wo| ca| am|'m| are|'re| is| have| has|'ve)?"
               r"(?: not|n't|not)(?: [\w']+){0,2}? "
               rf"(?:agree[ds]?|approv(?:e|es|ed|ing)|accept(?:ed|ing|s)?|endors(?:e"
               rf"|es|ed|ing)|support(?:ed|s)? (?:the|this)|adopt(?:ed|ing)?|content to|happy to|proceed(?:ing)?"
               rf"|going ahead|sign(?:ing)? off)(?= (?:to|that|this|the|it|these|cr|change|option|recommendation"
               rf"|with)\b|[.,!]|$)(?! with (?:you|the idea|\w+ on))", 0.7),
    ("accept", rf"\b(?:tak(?:e|ing)|record(?:ing)?|minut(?:e|ing)|mark(?:ing)?|treat(?:ing)?) (?:that|this|it|them"
               rf"|those|both|the [\w ]{{3,50}}?)(?: down)? as (?:all |being |now )?(?:{_YES}|read and agreed|a yes"
               rf"|consensus)\b", 0.9),
    ("accept", rf"\b{_IT}{IS}{_ADV} {_YES}\b(?! (?:by|with|suppliers?|list|plan|budget|at (?:the )?(?:last"
               rf"|previous)|last|previously|that we disagree))", 0.8),
    ("accept", rf"^(?:and |so |okay |ok |right |great |good |then |,|\.)*{_IT} {_YES}\b", 0.6),
    ("accept", rf"\b(?:so|then|therefore|good|great|okay|ok|right|excellent)\b,? (?:{_WE}|i(?! agree))(?:'re| are| "
               rf"have|'ve"
               rf"|'m| am| all)*(?: all| now| therefore| hereby| formally| unanimously)* (?:agreed?|agrees"
               rf"|approved?|approves|accept(?:ed|s)?|except|endorsed?|adopt(?:ed)?|content|happy) {_OPEN}", 0.8),
    ("accept", rf"\b{_WE}(?:'re| are| is| have|'ve| has)(?: all| now| therefore| hereby| formally| unanimously)* "
               rf"(?:agreed|approved|accepted|endorsed|adopted|content|unanimous)\b(?! (?:suppliers?|list|plan"
               rf"|budget|with (?:you|him|her)))", 0.7),
    ("accept", r"^(?:so |and )?(?:psg|the (?:group|committee|board|meeting)|[a-z]{1,4}(?:ag|wg|sg)) (?:now "
               r"|therefore |hereby |formally )*(?:agrees|approves|accepts|endorses|adopts)\b", 0.85),
    ("accept", r"\b(?:i|we) (?:now |therefore |hereby |formally |will |nevertheless |still )+(?:approve|accept"
               r"|endorse|adopt)\b|\bi(?:'m| am) (?:therefore |now |still |nevertheless |going to |happy to "
               r"|content to )*(?:approving|accepting|approve|accept|endorse)\b", 0.7),
    ("accept", r"\bi(?:'ve| have) (?:now |therefore )?decided (?:to (?:approve|accept|agree|endorse|adopt|proceed)|that)\b"
               r"|\bdecision of (?:this|the) (?:group|committee|board|meeting) is (?:to (?:approve|accept|agree|adopt|proceed"
               r"|endorse)|that)\b|\b(?:that's|it's|that is|it is) a yes\b(?! from (?:me|us)\b)", 0.8),
    ("accept", r"\bmy (?:informed )?decision is to (?:approve|accept|agree|proceed)\b|\b(?:chair|sro)'s decision "
               r"is to (?:approve|accept|agree|proceed)\b", 0.9),
    ("accept", r"^(?:so |and )*(?:i (?:hear|see|am hearing)|hearing|seeing|there (?:are|being|were)|with) (?:(?:no"
               r"|know)(?: further| other)? (?:objections?|dissent|opposition)|none(?=(?: opposed)?[.,!]|$| so| then)|none(?=[.,!]|$| so| then))\b(?!.*\bbut\b)", 0.75),
    ("accept", r"\b(?:we|there)(?:'ve| have| is|'s)(?: got)?(?: now| therefore)? (?:agreement|consensus|approval) "
               r"(?:to|that|on|for)\b", 0.8),
    ("accept", r"\b(?:sro|chair|psg|the group) has (?:now )?decided (?:to|that)\b|\blet's (?:agree|approve|accept"
               r"|endorse)\b", 0.55),
    ("accept", r"^(?:\[?\w+:?\]?:? )?(?:resolved|resolution|decision|agreed)\s?:\s*(?:that )?", 0.9),
    ("accept", r"\b(?:we(?:'ve| have)?|the group(?: has)?|it(?:'s| is| was)) (?:all |now |just |therefore |finally "
               r")*decided (?:to|that|on|against)\b|\bthe decision is (?:to|that)\b|\bresolved (?:that|to)\b"
               r"|\blet's resolve\b|\bresolve (?:this|that|it) as\b", 0.5),
    ("accept", r"\b(?:let's|we'll|we will|we're going to|so we|we should) (?:all |just |then |definitely )*(?:go"
               r"|going|stick|sticking) (?:ahead )?(?:with|for)\b|\bwe're (?:going|sticking) with\b", 0.4),
    ("accept", r"^(?:(?:so|and|okay|ok|right|great|good|brilliant|lovely|excellent|thanks|thank you)\b[ "
               r",.]*)*(?:approved|carried|motion agreed|motion carried|all agreed|unanimous|unanimously agreed|we "
               r"are all agreed|agreed (?:subject to|on condition|provided|unanimously))\b", 0.65),
    ("noted", rf"\b{_IT}{IS}{_ADV} noted\b|\b{_WE}(?:'ll| will| have|'ve)?(?: all| now| therefore)* (?:notes?"
              rf"|noted|noting) (?:the|this|these|those|that (?:paper|report|update)|it)\b|\btake (?:that|this|it"
              rf"|those|the papers?) as noted\b|^(?:so |and |okay )*(?:the )?(?:papers?|reports?|updates?)(?: to "
              rf"note)?,? noted\b", 0.6),
)  # fmt: skip
QUESTIONS: tuple[tuple[str, float], ...] = (
    (r"\b(?:are|is|were) (?:we|members|everyone|everybody|people|you all|all|the group|the committee|colleagues"
     r"|the board|there)(?: \w+){0,3}? (?:agreed|agree|a greed|content|in agreement|okay|ok|happy|comfortable|any "
     r"(?:objections?|dissent)|consensus)\b", 0.8),
    (r"\b(?:are|is) (?:you|you all|members|everyone|everybody|we|the (?:group|committee|board))(?: all| both)? (?:happy"
     r"|content|okay|ok|willing|prepared) (?:to|with|for us to) (?:note|noting|approv|accept|agree|endors|adopt|sign|taking)", 0.8),
    (r"\b(?:can|may|could) i (?:just )?(?:ask|check|confirm) (?:whether|if|that) (?:members|everyone|everybody|we|you|the"
     r" (?:group|committee))(?:'re| are| is)(?: all)? (?:happy|content|agreed|okay|ok)\b", 0.75),
    (r"\bis (?:that|this|it) (?:all )?(?:agreed|approved|accepted|carried|acceptable|all right|alright)\b(?=[^.!]*\?)", 0.75),
    (r"\bis there (?:unanimous )?(?:consent|agreement|consensus|support)\b", 0.75),
    (r"\b(?:may|can|shall) (?:i|we) take it(?: then)? that (?:the group|members|we|everyone|everybody|psg|[a-z]{1,4}(?:ag|wg|sg))"
     r"\b", 0.75),
    (r"\b(?:can|shall|could|may) we (?:please |all |just )?note (?:that|those|these|them|the|it)\b", 0.7),
    (r"\b(?:can|could|may|shall|do|does|will) (?:i|we|you all|everyone|everybody|members|the group|anyone"
     r"|anybody)(?: \w+){0,3}? (?:take (?:that|this|it|the [\w ]{3,50}?) as (?:agreed|approved|read)|agree\b"
     r"|approve|accept|endorse|adopt|have agreement|get agreement|have (?:your |the group's )?(?:approval"
     r"|consensus))", 0.75),
    (r"\b(?:any|are there|is there|anyone|anybody|does anyone|does anybody|no)(?: \w+){0,3}? (?:objections?"
     r"|objects?|dissent|opposed|disagrees?|against)\b(?! (?:to|that) (?:me|moving on|my))", 0.75),
    (r"(?<!'m )(?<!'re )(?<!am )(?<!are )\b(?:all|those|everyone|everybody) in favou?r\b(?! of)", 0.75),
    (r"^(?:and |so |okay |ok )*(?:agreed|content|all agreed|happy|everyone (?:happy|content|agreed))\?", 0.65),
    (r"(?:^|[.,;] ?|\b(?:we|everyone|everybody|members|all) )(?:happy|content|okay|ok) to (?:sign|approve|accept"
     r"|endorse|note|agree|adopt)\b[^.?!]*\?", 0.7),
    (r"\b(?:can|may) i (?:propose|move)\b(?=.*\b(?:resolve|motion|standing order|that the (?:committee|group)))", 0.5),
)  # fmt: skip
COMPLEMENTS: tuple[tuple[DecisionOutcome, str], ...] = (
    ("withdrawn", r"\bwithdraw"), ("escalate", r"\bescalat"), ("refer", r"\brefer (?:this|that|it|the|back)"
        r"|\brefer(?:red)? back"),
    ("deferred", r"\b(?:defer|postpone|hold over)"),
    ("reject", r"\b(?:reject|refuse|decline|turn down|not to\b|(?:not|n't) (?:\w+ ){0,2}(?:approve|accept|agree"
               r"|proceed|adopt|endorse)|(?:is|are|be) (?:refused|rejected|not))"),
    ("noted", r"\bnote\b|\bnoted\b"),
)  # fmt: skip

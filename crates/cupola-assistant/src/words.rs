//! What words say: one table, so that a synonym is one more word in it.

use std::{collections::HashMap, sync::OnceLock};

use crate::{catalogue::slips, names::Kind};

/// What a word or a phrase says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sense {
    /// The one that the objective prefers.
    Best,
    /// The one that it prefers least.
    Worst,
    /// The smallest of something.
    Lowest,
    /// The largest of something.
    Highest,
    /// That many of the best.
    Top,
    /// In that place.
    Nth(u32),
    /// The one after.
    Next,
    /// Money, energy, CO₂.
    Cost,
    /// How long it took.
    Duration,
    /// What work earns.
    Credits,
    /// A result that is run again.
    Check,
    /// Whoever may not work here.
    Ban,
    /// Its worker was lost.
    Lost,
    /// Hold against each other.
    Compare,
    /// One is better than another.
    Better,
    /// The reason.
    Why,
    /// Ended without a result.
    Failed,
    /// Waits for a worker.
    Pending,
    /// Has not ended.
    Left,
    /// Is under way.
    Running,
    /// Ended with a result.
    Completed,
    /// Was stopped.
    Cancelled,
    /// Makes a difference.
    Matters,
    /// Is other than before.
    Changed,
    /// What a program wrote.
    Log,
    /// Points over steps.
    Curve,
    /// Show it.
    Show,
    /// How many.
    Count,
    /// How it stands.
    Status,
    /// Say what it is.
    Describe,
    /// Make a brief.
    Draft,
    /// Write a report.
    Report,
    /// What can be asked.
    Help,
    /// What was spoken of.
    Pronoun,
    /// A kind of thing.
    Kind(Kind),
    /// Stop it.
    Cancel,
    /// Begin it.
    Start,
    /// Try it again.
    Retry,
    /// Hand a draft in.
    Submit,
    /// A filter follows.
    Where,
    /// A name follows.
    Of,
    /// Asks.
    Asks,
    /// Something that is not as it should be.
    Problem,
    /// What all together come to.
    Mean,
    /// What runs were told.
    Config,
    /// Where chance begins.
    Seed,
    /// Was begun.
    Ran,
    /// One after the other, the best first.
    Rank,
    /// Says nothing by itself.
    Noise,
}

use Sense as S;

/// Phrases of up to [`PHRASE_WORDS_MAX`] words, with `|` between, and what they say.
const TABLE: &[(&str, &[Sense])] = &[
    (
        "best|optimal|optimum|winner|winning|won|leading|strongest|champion",
        &[S::Best],
    ),
    ("worst|weakest|poorest", &[S::Worst]),
    ("lowest|smallest|least|minimum|minimal|min", &[S::Lowest]),
    (
        "highest|largest|greatest|maximum|maximal|max|biggest",
        &[S::Highest],
    ),
    ("most expensive|costliest|dearest", &[S::Highest, S::Cost]),
    ("cheapest|least expensive", &[S::Lowest, S::Cost]),
    ("longest|slowest", &[S::Highest, S::Duration]),
    ("shortest|fastest|quickest", &[S::Lowest, S::Duration]),
    ("top", &[S::Top]),
    ("first|1st", &[S::Nth(1)]),
    ("second|2nd|runner-up|runner up", &[S::Nth(2)]),
    ("third|3rd", &[S::Nth(3)]),
    ("fourth|4th", &[S::Nth(4)]),
    ("fifth|5th", &[S::Nth(5)]),
    ("sixth|6th", &[S::Nth(6)]),
    ("seventh|7th", &[S::Nth(7)]),
    ("eighth|8th", &[S::Nth(8)]),
    ("ninth|9th", &[S::Nth(9)]),
    ("tenth|10th", &[S::Nth(10)]),
    ("next|next best|one after", &[S::Next]),
    (
        "cost|costs|costing|spent|spend|spending|spends|price|expenses|bill|money|paid|expensive|energy|electricity|kwh|co2|carbon|emissions",
        &[S::Cost],
    ),
    (
        "credit|credits|budget|balance|balances|earn|earns|earned|earning|earnings|escrow|ledger|wallet",
        &[S::Credits],
    ),
    (
        "check|checks|checked|checking|verified|verify|verification|audit|audits|fraud|frauds|cheat|cheats|cheated|cheating|cheater|cheaters|liar|liars|lied|lying|suspicious|trust|trusted",
        &[S::Check],
    ),
    ("ban|bans|banned", &[S::Ban]),
    ("lost|vanished|disappeared", &[S::Lost]),
    (
        "compare|comparison|compared|comparing|versus|vs|against|difference between|differences between|differ|differs|difference|side by side",
        &[S::Compare],
    ),
    (
        "better|beat|beats|outperform|outperforms|outperformed|superior|worse|improve on|improves on",
        &[S::Better],
    ),
    (
        "why|reason|reasons|cause|caused|how come|what made",
        &[S::Why],
    ),
    (
        "fail|fails|failed|failing|failure|failures|failure rate|crash|crashed|crashes|error|errors|broke|broken|died|errored",
        &[S::Failed],
    ),
    (
        "went wrong|go wrong|goes wrong|is wrong|was wrong|the matter with",
        &[S::Why, S::Failed],
    ),
    (
        "pending|waiting|queued|wait|waits|stuck|not running|not started|not start|blocked",
        &[S::Pending],
    ),
    (
        "running|active|going on|happening|under way|underway|in progress|busy|currently",
        &[S::Running],
    ),
    (
        "completed|complete|finished|finish|done|succeed|succeeds|succeeded|successful|success|successes|success rate|ended",
        &[S::Completed],
    ),
    (
        "left|remaining|remain|remains|outstanding|unfinished|still to do|not done|not finished",
        &[S::Left],
    ),
    ("cancelled|canceled|stopped|aborted|killed", &[S::Cancelled]),
    (
        "matter|matters|mattered|importance|important|influence|influences|influential|sensitive|sensitivity|drives|affect|affects|effect|effects|impact",
        &[S::Matters],
    ),
    (
        "changed|change|changes|new|news|happened|latest events|since i left",
        &[S::Changed],
    ),
    (
        "log|logs|output|stdout|stderr|printed|traceback|stack trace",
        &[S::Log],
    ),
    (
        "curve|curves|over time|over steps|during training|plot|plots|chart|charts|graph|graphs|history",
        &[S::Curve],
    ),
    (
        "show|list|display|give|print|find|search|see|get",
        &[S::Show],
    ),
    ("how many|count|number of", &[S::Count]),
    (
        "status|progress|state|overview|eta|how far|how is it going|what up|whats up|what is up|how are things|how is everything|how are we doing|how goes it",
        &[S::Status],
    ),
    (
        "describe|details|detail|about|explain|summarise|summarize|summary|results|result|information|info|tell",
        &[S::Describe],
    ),
    ("draft|propose|formulate|design|draw up", &[S::Draft]),
    (
        "write a brief|write me a brief|create a brief|make a brief|make me a brief|new brief|plan a brief|suggest a brief|prepare a brief|start a brief|plan a search|plan a sweep|set up a search|set up a sweep",
        &[S::Draft],
    ),
    (
        "i want to find out|i want to know whether|i would like to find out|sweep over|tune|optimise|optimize",
        &[S::Draft],
    ),
    ("report|reports|writeup|write-up|write up", &[S::Report]),
    (
        "help|what can i ask|what can you do|what do you know|commands|examples|who are you|what are you|what is cupola|how do you work|how does this work",
        &[S::Help],
    ),
    (
        "it|its|that one|this one|that|this|them|they|their|those|these|same",
        &[S::Pronoun],
    ),
    (
        "run|runs|task|tasks|trial|trials|attempt|attempts|job|jobs",
        &[S::Kind(Kind::Run)],
    ),
    (
        "experiment|experiments|family|families|campaign|campaigns|brief|briefs|study|studies|project|projects",
        &[S::Kind(Kind::Experiment)],
    ),
    (
        "worker|workers|machine|machines|node|nodes|host|hosts|computer|computers|fleet",
        &[S::Kind(Kind::Worker)],
    ),
    (
        "template|templates|program|programs|module|modules",
        &[S::Kind(Kind::Template)],
    ),
    ("model|models|registry", &[S::Kind(Kind::Model)]),
    (
        "parameter|parameters|param|params|hyperparameter|hyperparameters|setting|settings|knob|knobs|factor|factors",
        &[S::Kind(Kind::Parameter)],
    ),
    (
        "metric|metrics|measure|measures|series",
        &[S::Kind(Kind::Metric)],
    ),
    (
        "person|people|owner|owners|user|users|volunteer|volunteers|member|members",
        &[S::Kind(Kind::Person)],
    ),
    ("cancel|stop|abort|kill|terminate|halt", &[S::Cancel]),
    ("start|launch|begin|kick off", &[S::Start]),
    ("ran|executed|started|launched|began|begun", &[S::Ran]),
    ("rank|ranking|rankings|ranked|leaderboard", &[S::Rank]),
    (
        "problem|problems|issue|issues|trouble|troubles|alerts|alarms|warnings|anything wrong|something wrong|what wrong|whats wrong|what is wrong|what went wrong|anything broken|everything ok|everything okay|everything fine|everything all right|everything alright|all good|all well",
        &[S::Problem],
    ),
    (
        "average|averages|avg|mean|median|standard deviation|deviation|std|confidence interval|spread",
        &[S::Mean],
    ),
    ("configuration|configurations|config|configs", &[S::Config]),
    ("seed|seeds", &[S::Seed]),
    ("duration|durations|runtime|runtimes", &[S::Duration]),
    (
        "retry|rerun|re-run|restart|try again|run again|repeat",
        &[S::Retry],
    ),
    ("submit|hand in|go ahead|send it off", &[S::Submit]),
    ("where", &[S::Where]),
    (
        "of|in|for|on|from|than|between|at|by|called|named|with|to|under|within|and|or",
        &[S::Of],
    ),
    (
        "what|which|who|when|how|doesnt|didnt|dont|isnt|arent|wasnt|werent|hasnt|havent|wont|cant|is|are|was|were|did|does|do|has|have|had|whose",
        &[S::Asks],
    ),
    (
        "the|a|an|me|my|mine|our|please|can|could|would|should|will|you|your|i|we|us|be|been|any|anything|something|all|every|everything|there|right|now|so|far|much|many|just|only|then|also|too|well|ok|okay|hi|hello|hey|thanks|thank|let|lets|want|need|like|know|if|as|one|ones|most|more|some|kind|doing|use|used|using|take|took|made|make|got|not|no|up|out|over|whether|actually|really|still|ever|yet|value|values|score|tail|end|last|latest|newest|recent|recently|most recent|lines|hub|cupola|am|being|both|today|total|moment|general|course|do you mean|you mean|i mean|should i change|should we change|what to change|overall|long|longer|time|until|till|created|submitted|wrote|owns|online|offline|nothing|objective|goal|aim|purpose|final|across|per|cheaper|dearer|faster|slower|quicker|connected|disconnected|good|open|percent|percentage|morning|afternoon|evening|greetings|hiya|full|rather|maybe|never|sure|great|nice|write|learning|short|quick|quickly|briefly|again|go|goes|went|look|looks|at all",
        &[S::Noise],
    ),
];

/// Words of times, each by itself, for slips alone.
const TIMES: &[(&str, &[Sense])] = &[
    ("yesterday", &[]),
    ("today", &[]),
    ("second", &[]),
    ("seconds", &[]),
    ("minute", &[]),
    ("minutes", &[]),
    ("hour", &[]),
    ("hours", &[]),
    ("days", &[]),
    ("weeks", &[]),
    ("month", &[]),
    ("monday", &[]),
    ("tuesday", &[]),
    ("wednesday", &[]),
    ("thursday", &[]),
    ("friday", &[]),
    ("saturday", &[]),
    ("sunday", &[]),
];

/// Words of a phrase of the table at most.
pub const PHRASE_WORDS_MAX: usize = 6;

type Phrase = (Vec<&'static str>, &'static [Sense]);

/// What the longest phrase says that begins with the first of `words`, and how many words it has.
pub fn phrase(words: &[&str]) -> Option<(usize, &'static [Sense])> {
    let found = index().get(words.first()?)?;
    let mut begins = found.iter().filter(|(phrase, _)| words.starts_with(phrase));
    begins
        .next()
        .map(|(phrase, senses)| (phrase.len(), *senses))
}

/// The word of the table that another one is the fewest slips away from: it is asked whether that was
/// meant. Of a short word only neighbours that are swapped are a slip; none where several say different things.
pub fn nearly(word: &str) -> Option<&'static str> {
    let written: Vec<char> = word.chars().collect();
    let most = match written.len() {
        3..=5 => 1,
        6..=20 => 2,
        _ => return None,
    };
    let mut closest: Option<(usize, &'static str, &[Sense])> = None;
    let mut is_open = false;
    let all = TABLE.iter().chain(TIMES);
    let is_known = |phrases: &str| phrases.split('|').any(|known| known == word);
    if all.clone().any(|(phrases, _)| is_known(phrases)) {
        return None;
    }
    for (phrases, senses) in all {
        for known in phrases.split('|').filter(|known| !known.contains(' ')) {
            let Some(count) = slip(&written, known, most) else {
                continue;
            };
            match closest {
                Some((fewest, ..)) if count > fewest => {}
                // Of words that say the same, the longest: "faild" was "failed" rather than "fail".
                Some((fewest, word, meant)) if count == fewest && meant == *senses => {
                    is_open |= meant.is_empty() && word != known;
                    if known.len() > word.len() {
                        closest = Some((count, known, senses));
                    }
                }
                Some((fewest, ..)) if count == fewest => is_open = true,
                _ => {
                    closest = Some((count, known, senses));
                    is_open = false;
                }
            }
        }
    }
    // What says nothing by itself was hardly meant, unless its letters are only swapped.
    let is_meant = |known: &str, senses: &[Sense]| {
        !matches!(senses, [S::Noise | S::Of])
            && (!matches!(senses, [S::Asks])
                || is_swapped(&written, &known.chars().collect::<Vec<_>>()))
    };
    let found = closest.filter(|(_, known, senses)| !is_open && is_meant(known, senses));
    found.map(|(_, known, _)| known)
}

/// How many slips a word is away from a known one, if it is a slip. Of three letters one may be missing, of
/// four two may be swapped: half of all short words are two letters away.
fn slip(written: &[char], known: &str, most: usize) -> Option<usize> {
    let letters: Vec<char> = known.chars().collect();
    // Whoever slips begins a word right, or swaps letters.
    let begins = letters.first() == written.first() || is_swapped(written, &letters);
    let is_short = match written.len() {
        3 => letters.len() != 4,
        4 => !is_swapped(written, &letters),
        _ => letters.len() < 4,
    };
    let most = if letters.len() < 7 { most.min(1) } else { most };
    let count = if is_short || !begins {
        None
    } else {
        slips(written, &letters, most)
    };
    count.filter(|count| *count > 0)
}

/// Whether both have the same letters in another order.
fn is_swapped(a: &[char], b: &[char]) -> bool {
    let sorted = |letters: &[char]| {
        let mut letters = letters.to_vec();
        letters.sort_unstable();
        letters
    };
    sorted(a) == sorted(b)
}

/// The table by first words, longer phrases first.
fn index() -> &'static HashMap<&'static str, Vec<Phrase>> {
    static INDEX: OnceLock<HashMap<&str, Vec<Phrase>>> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index: HashMap<_, Vec<Phrase>> = HashMap::new();
        for (phrases, senses) in TABLE {
            for phrase in phrases.split('|') {
                let words: Vec<_> = phrase.split(' ').collect();
                index.entry(words[0]).or_default().push((words, senses));
            }
        }
        for phrases in index.values_mut() {
            phrases.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
        }
        index
    })
}

/// The number that a word is, in digits or spelt out.
pub fn count(word: &str) -> Option<u32> {
    const SPELT: [&str; 13] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    if let Some(at) = SPELT.iter().position(|spelt| *spelt == word) {
        return u32::try_from(at).ok();
    }
    let is_digits = word.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| word.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_phrase_says_two_things_and_none_is_longer_than_said() {
        let mut seen = std::collections::HashSet::new();
        for phrase in TABLE.iter().flat_map(|(phrases, _)| phrases.split('|')) {
            let words = phrase.split(' ').count();
            assert!(words <= PHRASE_WORDS_MAX, "{phrase}");
            assert!(seen.insert(phrase), "{phrase} stands twice");
            let folded = crate::question::Question::read(phrase).unwrap();
            assert_eq!(folded.words.len(), words, "{phrase} is cut otherwise");
        }
    }

    #[test]
    fn the_longest_phrase_counts() {
        assert_eq!(phrase(&["most", "expensive", "run"]).unwrap().0, 2);
        assert_eq!(phrase(&["most", "runs"]).unwrap(), (1, &[S::Noise][..]));
        assert_eq!(phrase(&["alpha"]), None);
        assert_eq!(phrase(&[]), None);
    }

    #[test]
    fn numbers_are_read() {
        for (word, expected) in [
            ("3", Some(3)),
            ("three", Some(3)),
            ("-3", None),
            ("", None),
            ("99999999999", None),
        ] {
            assert_eq!(count(word), expected, "{word}");
        }
    }
}

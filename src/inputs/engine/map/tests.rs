//! Texts, and what they mean as maps.

use super::*;
use crate::inputs::engine::declare::{InputGroup, map};

const ENV_VARS: Input = map("env_vars", InputGroup::Service, "Variables");
const ENV_VARS_FILE: Input = map("env_vars_file", InputGroup::Service, "A file of variables");
const JOB: Input = map("pre_deploy_job", InputGroup::Rollout, "A map of maps");

fn read(text: &str) -> (Vec<(String, String)>, Findings) {
    let mut findings = Findings::default();
    let entries = parse(&ENV_VARS, From::Input, text, &mut findings);
    (entries.into_iter().map(|e| (e.key, e.value)).collect(), findings)
}

fn good(text: &str) -> Vec<(String, String)> {
    let (entries, findings) = read(text);
    assert_eq!(findings, Findings::default(), "{text}");
    entries
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec()
}

fn bad(text: &str) -> String {
    let (_, findings) = read(text);
    assert!(!findings.mistakes.is_empty(), "accepted: {text}");
    findings.mistakes[0].to_string()
}

#[test]
fn a_map_may_hold_maps_where_that_is_meant() {
    let mut findings = Findings::default();
    let input = &JOB;
    let text = "command: [\"a\", \"b c\"]\nenv:\n  A: 1.10\n\n  B: |\n    two\n      lines\n# end\nsecrets: {D: db:1}\nretries: 2";
    let outer = parse_nested(input, From::Input, text, &mut findings);
    let value = |key: &str| outer.iter().find(|entry| entry.key == key).expect(key);
    let inner = |key: &str, findings: &mut Findings| -> Vec<(String, String, usize)> {
        parse_inner(input, From::Input, value(key), findings).into_iter().map(|e| (e.key, e.value, e.line)).collect()
    };
    assert_eq!(value("command").value, "[\"a\", \"b c\"]");
    assert_eq!(inner("env", &mut findings), [("A".into(), "1.10".into(), 3), ("B".into(), "two\n  lines\n".into(), 5)]);
    assert_eq!(inner("secrets", &mut findings), [("D".into(), "db:1".into(), 9)]);
    assert_eq!(value("retries").value, "2");
    assert_eq!(findings, Findings::default());
}

#[test]
fn yaml_values_are_the_text_as_typed() {
    assert_eq!(
        good(
            "# a comment\nA: 1.10\nB: yes\nC: 012\nD: \"two\\nlines\"\nE: 'it''s # here'\nF: a=b,c=d\nG:\nH: http://x/#frag\n/file: s:1"
        ),
        pairs([
            ("A", "1.10"),
            ("B", "yes"),
            ("C", "012"),
            ("D", "two\nlines"),
            ("E", "it's # here"),
            ("F", "a=b,c=d"),
            ("G", ""),
            ("H", "http://x/#frag"),
            ("/file", "s:1"),
        ])
    );
}

#[test]
fn yaml_keeps_json_documents_and_blocks() {
    assert_eq!(
        good("CFG: {\"a\": 1.0, \"b\": [\"x, y\"]}\nLIST: [1, 2]\nPEM: |\n  -----BEGIN\n  abc\n"),
        pairs([("CFG", "{\"a\": 1.0, \"b\": [\"x, y\"]}"), ("LIST", "[1, 2]"), ("PEM", "-----BEGIN\nabc\n")])
    );
}

#[test]
fn lines_take_values_whole() {
    assert_eq!(
        good(
            "# comment\nA=1,2\nexport B=x=y\nC=\"quoted \\\"x\\\"\\nnext\"\nD='literal \\n'\nE={\"a\":1,\"b\":\"c\"}\nF=\nG=\"two\nlines\" # end\nH=http://x/#frag\nI=C:\\dir"
        ),
        pairs([
            ("A", "1,2"),
            ("B", "x=y"),
            ("C", "quoted \"x\"\nnext"),
            ("D", "literal \\n"),
            ("E", "{\"a\":1,\"b\":\"c\"}"),
            ("F", ""),
            ("G", "two\nlines"),
            ("H", "http://x/#frag"),
            ("I", "C:\\dir"),
        ])
    );
}

#[test]
fn json_objects_keep_order_and_inner_documents() {
    assert_eq!(
        good("{\"B\": \"x\\ny\", \"A\": 1.10, \"C\": {\"k\": [1,2]}, \"D\": null, \"E\": \"\\ud83d\\ude00\"}"),
        pairs([("B", "x\ny"), ("A", "1.10"), ("C", "{\"k\": [1,2]}"), ("D", "null"), ("E", "😀")])
    );
    assert_eq!(good("{}"), vec![]);
    assert_eq!(good("  \n# nothing\n"), vec![]);
}

#[test]
fn the_line_of_a_key_is_not_that_of_a_text_like_it() {
    let text = "{\"A\": \"B\",\n\"C\": {\"B\": 1},\n\n\"B\": 2,\n\"É\": 3, \"B\": 4}";
    let mut findings = Findings::default();
    let entries = parse(&ENV_VARS, From::Input, text, &mut findings);
    assert_eq!(entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [1, 2, 4, 5, 5]);
    assert_eq!(findings.mistakes[0].to_string(), "env_vars, line 5: `B` is given twice (first in line 4); keep one");
}

#[test]
fn mistakes_name_the_line_and_never_the_value() {
    assert_eq!(bad("A: 1\nB: 2\nA: 3"), "env_vars, line 3: `A` is given twice (first in line 1); keep one");
    assert!(
        bad("A=1\nhunter2hunter2")
            .starts_with("env_vars, line 2: no `KEY=` begins this line; write `KEY=VALUE`; a value with line breaks")
    );
    assert!(bad("A: -----BEGIN\nMIIEhunter2\n-----END").starts_with("env_vars, line"));
    assert!(bad("A:\n  b: c").contains("the value of `A` is a nested map"));
    assert!(bad("hello").starts_with("env_vars, line 1: neither `KEY: value` nor `KEY=value`"));
    assert!(bad("{\"A\": 1,}").contains("no JSON object"));
    assert!(bad("A=\"x\" y").contains("text follows the closing quote"));
    assert!(bad("A=\"x").contains("never closed"));
    for text in ["A=1\nhunter2hunter2", "A: -----BEGIN\nMIIEhunter2\n-----END", "{\"A\": hunter2}"] {
        assert!(!bad(text).contains("hunter2"), "{}", bad(text));
    }
}

#[test]
fn a_list_for_another_grammar_is_noticed() {
    assert_eq!(
        bad("A=1,B=2"),
        "env_vars, line 1: entries are separated by line breaks, not by commas: `A=1` and `B=2`; write each in a line of its own; if this is one value, put it in quotes"
    );
    assert!(bad("A=x,TOKEN=hunter2,C=").contains("`A=x` and `TOKEN=…` and `C=`"));
    let (entries, findings) = read("A=1,B=2\nC=3");
    assert_eq!(entries, pairs([("A", "1,B=2"), ("C", "3")]));
    assert!(findings.warnings[0].contains("`A` takes the whole line"), "{findings:?}");
    for one in [
        "A=\"1,B=2\"",
        "URL='postgres://x?a=1,b=2'",
        "OTEL_RESOURCE_ATTRIBUTES=service.name=web,deployment.environment=x",
        "A=1,2",
    ] {
        assert_eq!(read(one).1, Findings::default(), "{one}");
        assert_eq!(read(one).0.len(), 1, "{one}");
    }
}

#[test]
fn what_yaml_changes_is_told_by_its_own_cause() {
    for (value, cause) in [
        ("abc #def", "takes what follows the `#`"),
        ("#def", "takes what follows the `#`"),
        ("[1, 2] #x", "takes what follows the `#`"),
        ("&amp1", "begins with `&`, which YAML takes for an anchor"),
        ("*star", "begins with `*`, which YAML takes for an alias"),
        ("!bang", "begins with `!`, which YAML takes for a tag"),
        ("abc ", "a blank ends the line of `V`"),
        ("  abc", "several blanks stand before the value of `V`"),
        ("abc\n  def", "goes on in the next line"),
        ("\"abc\n  def\"", "close in another line"),
        ("|", "begins with `|` or `>`"),
        (">-", "begins with `|` or `>`"),
        ("abc\ndef", "are no entries"),
        ("@abc", "begins with `@`"),
        ("`abc", "begins with ``"),
        ("%abc", "begins with `%`"),
        ("\"abc", "do not enclose all of it"),
        ("'a'b", "do not enclose all of it"),
        ("{abc", "begins with `{`"),
        ("[abc] def", "begins with `[`"),
        ("]abc", "begins with `]`"),
        ("|abc", "begins a block"),
        ("- abc", "begins with `-`"),
        ("a: b", "takes it for another key"),
        ("abc:", "takes it for another key"),
    ] {
        let told = bad(&format!("STAGE: s\nV: {value}\nTOKEN: x"));
        assert!(told.contains(cause) && told.contains("`V`") && !told.contains("abc"), "{value:?}: {told}");
        assert!(told.contains("toJSON(secrets.NAME)"), "{told}");
    }
    assert!(bad("A: 1\n---\nB: 2").contains("a second document begins here"));
}

#[test]
fn what_yaml_leaves_alone_arrives() {
    for value in [
        "a#b", "a&b", "a*b", "a!b", "-x", "?x", ":x", "a\"", "a'b", "x{y}", "a, b", "a%", "~", "null", "---", "a:b",
        "[x]", "{}", "=", "<<", "a]",
    ] {
        assert_eq!(good(&format!("STAGE: s\nV: {value}\nTOKEN: x"))[1], ("V".to_owned(), value.to_owned()), "{value}");
    }
    assert_eq!(good("A:      1\nLONG:   2"), pairs([("A", "1"), ("LONG", "2")]), "a table is a table");
    assert_eq!(good("# why\nA: 1\n\n# and\nB: \"2\" # so\n"), pairs([("A", "1"), ("B", "2")]));
    assert_eq!(good("\u{feff}A: 1\r\nB: 2\r\n"), pairs([("A", "1"), ("B", "2")]));
}

#[test]
fn files_keep_their_comments() {
    let file = |text: &str| {
        let mut findings = Findings::default();
        let entries = parse(&ENV_VARS_FILE, From::File, text, &mut findings);
        (entries.into_iter().map(|entry| (entry.key, entry.value)).collect::<Vec<_>>(), findings)
    };
    assert_eq!(file("A: 1 # one\nB: 2   \n"), (pairs([("A", "1"), ("B", "2")]), Findings::default()));
    assert_eq!(file("A=1 # one\nB=2 #two\n"), (pairs([("A", "1"), ("B", "2")]), Findings::default()));
    let (_, findings) = file("A: &amp1\n");
    assert!(findings.mistakes[0].to_string().contains("an anchor"), "{findings:?}");
}

#[test]
fn lines_of_an_input_arrive_whole_or_are_told() {
    for (text, cause) in [
        ("A=abc #def", "left out as a comment"),
        ("A=#def", "left out as a comment"),
        ("A=abc \nB=1", "a blank ends the line of `A`"),
        ("A=\r abc\nB=1", "a blank stands before the value of `A`"),
        ("A=\u{85}abc\nB=1", "a blank stands before the value of `A`"),
        ("A=1\nMIIEvQIB==", "the end of a text in base64"),
        ("DATABASE_URL postgres://app:hunter2@db?x=y", "no `=` behind `DATABASE_URL`"),
        ("A=1\nB: x=hunter2", "no `=` behind `B`"),
    ] {
        let told = bad(text);
        assert!(told.contains(cause) && !told.contains("hunter2") && !told.contains("abc"), "{text:?}: {told}");
    }
    let (entries, findings) = read("A=1 # one");
    assert_eq!(entries, pairs([("A", "1")]));
    assert!(findings.warnings[0].contains("is a comment"), "{findings:?}");
}

#[test]
fn every_mistake_of_a_text_is_told() {
    let (_, findings) = read("A: &x\nB: 2 #\nC: !t 1\nA: 3");
    assert_eq!(
        findings.mistakes.iter().map(|mistake| mistake.line).collect::<Vec<_>>(),
        [Some(1), Some(2), Some(3), Some(4)]
    );
    assert_eq!(read("A\nB=1\nC").1.mistakes.len(), 1, "the grammar is not known");
    assert_eq!(read("B=1\nC\nD").1.mistakes.len(), 2);
}

#[test]
fn twenty_thousand_entries_take_no_time() {
    let numbers = || 0..20_000;
    let lines: String = numbers().map(|n| format!("V{n}=x{n}\n")).collect();
    let yaml: String = numbers().map(|n| format!("V{n}: x{n}\n")).collect();
    let json = format!("{{{}}}", numbers().map(|n| format!("\"V{n}\": \"x{n}\"")).collect::<Vec<_>>().join(",\n"));
    let commas = format!("A={}", "x,".repeat(500_000));
    let begun = std::time::Instant::now();
    for text in [&lines, &yaml, &json] {
        let (entries, findings) = read(text);
        assert_eq!((entries.len(), findings), (20_000, Findings::default()));
    }
    assert_eq!(read(&commas).0.len(), 1);
    // A quadratic step takes a minute here.
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
}

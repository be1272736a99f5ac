//! Probes of a container: a short form as people say it, a map, or gcloud's keys.

use serde_json::{Map, Value, json};

use super::Give;
use crate::inputs::engine::map::{self as map, Entry, From};
use crate::inputs::engine::scalar;
use crate::inputs::spec::InputName;
use crate::inputs::spec::deploy::name;
use slipway_names::shown::{QuotedName, QuotedText};

/// The inputs, and what they may say.
pub(super) const INPUTS: [InputName; 3] = [name::STARTUP_PROBE, name::LIVENESS_PROBE, name::READINESS_PROBE];

/// What a probe asks, where the text says it.
#[derive(Default)]
struct ProbeInput {
    way: Option<&'static str>,
    path: Option<String>,
    port: Option<u32>,
    service: Option<String>,
    /// Numbers by their fields.
    numbers: Map<String, Value>,
}

/// A kind of probe (docs of Cloud Run: health checks; the keys that gcloud's flags take).
struct ProbeRules {
    /// The longest pause before the first try; `None` where there is none.
    delay: Option<u32>,
    /// The longest time between two tries, and for one.
    period: u32,
    /// Whether a port that takes connections is enough.
    tcp: bool,
}

fn rules(input: &str) -> ProbeRules {
    match input {
        "startup_probe" => ProbeRules { delay: Some(240), period: 240, tcp: true },
        "liveness_probe" => ProbeRules { delay: Some(3600), period: 3600, tcp: false },
        _ => ProbeRules { delay: None, period: 300, tcp: false },
    }
}

/// The keys of a map: ours, gcloud's, and the fields of numbers.
const NUMBERS: [(&str, &str, &str); 4] = [
    ("period", "every", "periodSeconds"),
    ("timeout", "timeout", "timeoutSeconds"),
    ("failures", "failures", "failureThreshold"),
    ("initial_delay", "after", "initialDelaySeconds"),
];

const SHORT: &str =
    "write `GET /ready every 5s timeout 1s failures 3 after 10s`, `tcp:8080 every 10s`, `grpc:9000/service`, or a map";
const KEYS: &str = "its keys are `http`, `tcp`, `grpc`, `port`, `service`, `period`, `timeout`, `failures`, `initial_delay`, or gcloud's";

/// What cannot be read, and what to write.
type ProbeMistake = (String, String);

pub(super) fn probe(give: &mut Give<'_>, input: InputName) -> Option<Value> {
    let text = give.said(input)?.to_owned();
    let mut probe = ProbeInput::default();
    let mut wrong: Vec<(Option<usize>, ProbeMistake)> = Vec::new();
    if is_short(&text) {
        wrong.extend(probe.short(&text).into_iter().map(|wrong| (None, wrong)));
    } else {
        let described = input.row();
        // gcloud's flags part their keys by commas, in one line.
        let listed = !text.contains('\n') && text.contains('=') && !text.starts_with('{');
        let text = if listed { text.replace(',', "\n") } else { text };
        let entries = if text.starts_with('{') {
            let whole = Entry { key: String::new(), value: text, is_null: false, line: 1 };
            map::parse_inner(described, From::File, &whole, give.findings)
        } else {
            map::parse(described, From::File, &text, give.findings)
        };
        for entry in entries {
            if let Err(why) = probe.key(&entry.key, entry.value.trim()) {
                wrong.push((Some(entry.line), why));
            }
        }
    }
    wrong.extend(probe.judged(&rules(input.text())).into_iter().map(|wrong| (None, wrong)));
    if wrong.is_empty() {
        return Some(probe.value());
    }
    for (line, (problem, cure)) in wrong {
        give.findings.wrong_at(input, line, problem, cure);
    }
    None
}

/// Whether a text is the short form: it begins with a way of asking.
fn is_short(text: &str) -> bool {
    let first = text.split([' ', ':', '/', ',']).next().unwrap_or_default();
    let map = text.starts_with('{') || text.contains('=') || text.contains(": ") || text.contains('\n');
    !map && (text.starts_with('/') || ["GET", "tcp", "grpc"].contains(&first) || !text.contains(':'))
}

impl ProbeInput {
    /// Reads the short form: how it asks, and then pairs of a word and a number.
    fn short(&mut self, text: &str) -> Vec<ProbeMistake> {
        let mut words = text.split([' ', '\t', ',']).filter(|word| !word.is_empty());
        let mut wrong = Vec::new();
        let first = words.next().unwrap_or_default();
        let asks = match first {
            "GET" => self.http(words.next().unwrap_or_default()),
            _ if first.starts_with('/') => self.http(first),
            _ => self.other(first),
        };
        wrong.extend(asks.err());
        while let Some(word) = words.next() {
            let known = NUMBERS.iter().find(|(_, short, _)| *short == word);
            match (known, words.next()) {
                (Some((key, _, _)), Some(value)) => wrong.extend(self.number(key, value).err()),
                (Some(_), None) => wrong.push((format!("nothing stands behind `{word}`"), SHORT.into())),
                (None, _) => wrong.push((format!("{} says nothing about a probe", QuotedText(word)), SHORT.into())),
            }
        }
        wrong
    }

    /// `/path`, or `:port/path`.
    fn http(&mut self, text: &str) -> Result<(), ProbeMistake> {
        self.way("httpGet")?;
        let (port, path) = match text.strip_prefix(':') {
            Some(rest) => {
                let (port, path) = rest.split_once('/').unwrap_or((rest, ""));
                (Some(port), format!("/{path}"))
            }
            None => (None, text.to_owned()),
        };
        if let Some(port) = port {
            self.port(port)?;
        }
        self.path(&path)
    }

    /// `tcp`, `tcp:8080`, `grpc`, `grpc:9000`, `grpc:9000/service`.
    fn other(&mut self, text: &str) -> Result<(), ProbeMistake> {
        let (asks, service) = text.split_once('/').unwrap_or((text, ""));
        let (way, port) = asks.split_once(':').unwrap_or((asks, ""));
        match (way, service) {
            ("tcp", "") => self.way("tcpSocket")?,
            ("grpc", _) => self.way("grpc")?,
            _ => return Err((format!("{} says nothing about a probe", QuotedText(text)), SHORT.into())),
        }
        if !service.is_empty() {
            self.service = Some(service.to_owned());
        }
        if port.is_empty() { Ok(()) } else { self.port(port) }
    }

    /// Reads an entry of a map.
    fn key(&mut self, key: &str, value: &str) -> Result<(), ProbeMistake> {
        match key {
            "http" => self.http(value),
            "tcp" | "tcpSocket.port" => self.way("tcpSocket").and_then(|()| self.port(value)),
            "grpc" if value.contains('/') || value.parse::<u32>().is_ok() => self.other(&format!("grpc:{value}")),
            "grpc" | "grpc.service" => {
                self.service = Some(value.to_owned()).filter(|name| !name.is_empty());
                self.way("grpc")
            }
            "httpGet.path" => self.way("httpGet").and_then(|()| self.path(value)),
            "httpGet.port" => self.way("httpGet").and_then(|()| self.port(value)),
            "grpc.port" => self.way("grpc").and_then(|()| self.port(value)),
            "port" => self.port(value),
            "service" => {
                self.service = Some(value.to_owned());
                Ok(())
            }
            "successThreshold" => {
                let cure = "remove it: one answer is enough";
                Err(("Cloud Run's API v2 has no field for `successThreshold`".into(), cure.into()))
            }
            _ => match NUMBERS.iter().find(|(ours, _, field)| [ours, field].contains(&&key)) {
                Some((ours, _, _)) => self.number(ours, value),
                None => Err((format!("{} is no key of it", QuotedName(key)), KEYS.into())),
            },
        }
    }

    fn way(&mut self, way: &'static str) -> Result<(), ProbeMistake> {
        match self.way {
            Some(other) if other != way => {
                let words = |way: &str| match way {
                    "httpGet" => "HTTP",
                    "grpc" => "gRPC",
                    _ => "TCP",
                };
                Err((format!("it asks by {} and by {}", words(other), words(way)), "keep one way of asking".into()))
            }
            _ => {
                self.way = Some(way);
                Ok(())
            }
        }
    }

    fn path(&mut self, path: &str) -> Result<(), ProbeMistake> {
        self.path = Some(path.to_owned());
        if path.starts_with('/') {
            return Ok(());
        }
        Err((
            format!("{} is no path", QuotedText(path)),
            "write a path that begins with `/`, such as `GET /ready`".into(),
        ))
    }

    fn port(&mut self, text: &str) -> Result<(), ProbeMistake> {
        let port =
            scalar::number(text, 1, 65_535).map_err(|cure| (format!("{} is no port", QuotedText(text)), cure))?;
        if self.port.is_some_and(|other| other != port) {
            return Err(("it names two ports".into(), "keep one".into()));
        }
        self.port = Some(port);
        Ok(())
    }

    fn number(&mut self, key: &str, text: &str) -> Result<(), ProbeMistake> {
        let Some((_, _, field)) = NUMBERS.iter().find(|(ours, _, _)| *ours == key) else { return Ok(()) };
        let number = match key {
            "failures" => scalar::number(text, 1, u32::from(u16::MAX)),
            _ => scalar::duration(text)
                .map_err(str::to_owned)
                .and_then(|time| u32::try_from(time.as_secs()).map_err(|_| "write fewer seconds".to_owned())),
        };
        let number = number.map_err(|cure| (format!("{} does not fit `{key}`", QuotedText(text)), cure))?;
        if self.numbers.insert((*field).to_owned(), number.into()).is_some() {
            return Err((format!("`{key}` is given twice"), "keep one".into()));
        }
        Ok(())
    }

    /// What Cloud Run would refuse.
    fn judged(&self, rules: &ProbeRules) -> Vec<ProbeMistake> {
        let number = |field: &str| self.numbers.get(field).and_then(Value::as_u64);
        let (period, timeout, delay) =
            (number("periodSeconds"), number("timeoutSeconds"), number("initialDelaySeconds"));
        let mut wrong = Vec::new();
        for (key, value) in [("period", period), ("timeout", timeout)] {
            if let Some(value) = value.filter(|value| !(1..=u64::from(rules.period)).contains(value)) {
                wrong.push((format!("`{key}` is {value} s"), format!("write 1s to {}s", rules.period)));
            }
        }
        // Ten seconds and one second hold where nothing is said.
        let (each, one) = (period.unwrap_or(10), timeout.unwrap_or(1));
        if one > each && wrong.is_empty() {
            let problem = format!("one try may take {one} s, and the next begins after {each} s");
            wrong.push((problem, "lower `timeout`, or raise `period`".into()));
        }
        match (delay, rules.delay) {
            (Some(_), None) => wrong.push(("it has no `initial_delay`".into(), "remove it".into())),
            (Some(value), Some(most)) if value > most.into() => {
                wrong.push((format!("`initial_delay` is {value} s"), format!("write 0s to {most}s")));
            }
            _ => {}
        }
        match self.way {
            None => wrong.push(("it is not said what is asked".into(), SHORT.into())),
            Some("tcpSocket") if !rules.tcp => {
                let cure = "ask by HTTP or gRPC: `GET /health`, `grpc`; a TCP probe can be a `startup_probe`";
                wrong.push(("Cloud Run has no TCP probe of this kind".into(), cure.into()));
            }
            Some(way) if way != "grpc" && self.service.is_some() => {
                wrong.push(("`service` is gRPC's".into(), "remove it, or ask by `grpc`".into()));
            }
            _ => {}
        }
        wrong
    }

    fn value(self) -> Value {
        let mut asks = Map::new();
        let of_http = self.path.filter(|_| self.way == Some("httpGet"));
        asks.extend(of_http.map(|path| ("path".to_owned(), path.into())));
        asks.extend(self.port.map(|port| ("port".to_owned(), port.into())));
        asks.extend(self.service.map(|service| ("service".to_owned(), service.into())));
        let mut probe = self.numbers;
        probe.extend(self.way.map(|way| (way.to_owned(), Value::Object(asks))));
        json!(probe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::engine::error::Findings;
    use crate::inputs::engine::raw::RawInputs;

    fn read(input: InputName, text: &str) -> (Option<Value>, Vec<String>) {
        let raw = RawInputs::from_texts([(input.text(), text.to_owned())]);
        let mut findings = Findings::default();
        let value = probe(&mut Give { raw: &raw, findings: &mut findings }, input);
        (value, findings.mistakes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn one_probe_can_be_said_in_many_ways() {
        let ready = json!({"httpGet": {"path": "/ready", "port": 8081}, "periodSeconds": 5, "timeoutSeconds": 2, "failureThreshold": 4, "initialDelaySeconds": 0});
        for text in [
            "GET :8081/ready every 5s timeout 2s failures 4 after 0s",
            "GET :8081/ready, every 5, timeout 2, failures 4, after 0",
            "{http: /ready, port: 8081, period: 5, timeout: 2, failures: 4, initial_delay: 0}",
            "{\"http\": \":8081/ready\", \"period\": \"5s\", \"timeout\": 2, \"failures\": 4, \"initial_delay\": 0}",
            "http: /ready\nport: 8081\nperiod: 5s\ntimeout: 2s\nfailures: 4\ninitial_delay: 0s",
            "httpGet.path=/ready,httpGet.port=8081,periodSeconds=5,timeoutSeconds=2,failureThreshold=4,initialDelaySeconds=0",
        ] {
            assert_eq!(read(name::STARTUP_PROBE, text), (Some(ready.clone()), Vec::new()), "{text}");
        }
    }

    #[test]
    fn each_way_of_asking_has_a_short_form() {
        for (text, expected) in [
            ("GET /ready", json!({"httpGet": {"path": "/ready"}})),
            ("/ready every 1m", json!({"httpGet": {"path": "/ready"}, "periodSeconds": 60})),
            ("tcp", json!({"tcpSocket": {}})),
            ("tcp:8080 every 10s", json!({"tcpSocket": {"port": 8080}, "periodSeconds": 10})),
            ("tcpSocket.port=8080", json!({"tcpSocket": {"port": 8080}})),
            ("tcp: 8080", json!({"tcpSocket": {"port": 8080}})),
            ("grpc", json!({"grpc": {}})),
            ("grpc:9000/my.Service", json!({"grpc": {"port": 9000, "service": "my.Service"}})),
            ("grpc: 9000", json!({"grpc": {"port": 9000}})),
            ("{grpc: my.Service, port: 9000}", json!({"grpc": {"port": 9000, "service": "my.Service"}})),
        ] {
            assert_eq!(read(name::STARTUP_PROBE, text), (Some(expected), Vec::new()), "{text}");
        }
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        for (input, text, problems) in [
            (name::STARTUP_PROBE, "hello", &["says nothing about a probe", "not said what is asked"][..]),
            (name::STARTUP_PROBE, "GET ready every", &["is no path", "nothing stands behind `every`"]),
            (name::STARTUP_PROBE, "GET /a every 5x often 3", &["does not fit `period`", "says nothing"]),
            (
                name::STARTUP_PROBE,
                "GET /a every 5m after 5m timeout 0s",
                &["`period` is 300 s", "`timeout` is 0 s", "`initial_delay` is 300 s"],
            ),
            (name::STARTUP_PROBE, "GET /a timeout 11s", &["one try may take 11 s"]),
            (name::STARTUP_PROBE, "GET /a every 5s every 6s", &["`period` is given twice"]),
            (name::STARTUP_PROBE, "tcp:99999", &["is no port"]),
            (name::STARTUP_PROBE, "{http: /a, tcp: 80}", &["by HTTP and by TCP"]),
            (name::STARTUP_PROBE, "{http: ':80/a', port: 81, wait: 3}", &["two ports", "`wait` is no key"]),
            (name::STARTUP_PROBE, "{http: /a, service: b}", &["`service` is gRPC's"]),
            (name::STARTUP_PROBE, "periodSeconds=5", &["not said what is asked"]),
            (name::LIVENESS_PROBE, "tcp:8080", &["no TCP probe"]),
            (name::READINESS_PROBE, "GET /a after 5s", &["no `initial_delay`"]),
            (name::READINESS_PROBE, "httpGet.path=/a,successThreshold=2", &["no field for `successThreshold`"]),
        ] {
            let (value, mistakes) = read(input, text);
            assert_eq!(value, None, "{text}");
            assert_eq!(mistakes.len(), problems.len(), "{text}: {mistakes:#?}");
            for problem in problems {
                assert!(mistakes.iter().any(|mistake| mistake.contains(problem)), "{text}: {problem}: {mistakes:#?}");
            }
        }
    }
}

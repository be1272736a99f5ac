//! What the monitoring command is told, with every mistake at once.

use std::time::Duration;

use crate::commands::deploy::inputs::resolve::{Give, project, region};
use crate::commands::monitoring::inputs::{Money, Monitoring, NotificationChannel};
use crate::inputs::credentials;
use crate::inputs::engine::error::{Findings, InputErrors};
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::scalar;
use crate::inputs::spec::monitoring::name;
use slipway_names::ids::ServiceName;
use slipway_runner::env::Runner;

/// The defaults that were asked for: more than 5 % failed, slower than 2 s.
const ERROR_RATE: f64 = 0.05;
const LATENCY: Duration = Duration::from_secs(2);

/// Channels a policy may name (Cloud Monitoring's limits page).
const MOST_CHANNELS: usize = 16;

/// Resolves the inputs of the monitoring command.
///
/// # Errors
/// Every mistake in every input.
pub fn run(raw: &RawInputs, runner: &Runner, mut findings: Findings) -> Result<Monitoring, InputErrors> {
    let credentials = credentials::find(raw, runner, &mut findings);
    let mut give = Give { raw, findings: &mut findings };
    let (project, region) = (project(&mut give, credentials.as_ref()), region(&mut give));
    let service = give.parsed(name::SERVICE, ServiceName::parse);
    if !raw.has(name::SERVICE) {
        give.findings.wrong(name::SERVICE, "it was not given", "name the Cloud Run service");
    }
    let absent = give.with(name::STATE, |text| match text {
        "present" => Ok(false),
        "absent" => Ok(true),
        _ => Err("write `present` or `absent`"),
    });
    let error_rate = give.with(name::ERROR_RATE, |text| scalar::open(text, share)).unwrap_or(Some(ERROR_RATE));
    let latency = give.with(name::LATENCY_P95, |text| scalar::open(text, length)).unwrap_or(Some(LATENCY));
    let instances =
        give.with(name::INSTANCES, |text| scalar::open(text, |text| scalar::number(text, 1, 10_000))).flatten();
    let uptime_path = give.with(name::UPTIME_PATH, |text| scalar::open(text, path)).unwrap_or(Some("/".to_owned()));
    let budget = give.with(name::BUDGET, |text| scalar::open(text, money)).flatten();
    let channels = give.with(name::NOTIFICATION_CHANNELS, channels).unwrap_or_default();
    let dry_run = give.switch(name::DRY_RUN).unwrap_or(false);
    match (credentials, project, region, service) {
        (Some(credentials), Some(project), Some(region), Some(service)) if findings.mistakes.is_empty() => {
            let absent = absent.unwrap_or(false);
            Ok(Monitoring {
                credentials,
                project,
                region,
                service,
                absent,
                error_rate,
                latency,
                instances,
                uptime_path,
                budget,
                channels,
                dry_run,
            })
        }
        _ => Err(InputErrors::of(findings)),
    }
}

/// `5%` or `5`, as a share.
fn share(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>();
    let percent = number.ok().filter(|percent| *percent > 0.0 && *percent < 100.0);
    percent.map(|percent| percent / 100.0).ok_or_else(|| "write a percentage such as 5%, or `off`".to_owned())
}

/// `2s` or `800ms`.
fn length(text: &str) -> Result<Duration, String> {
    let millis = text.strip_suffix("ms").and_then(|number| number.trim().parse().ok()).map(Duration::from_millis);
    let length = millis.or_else(|| scalar::duration(text).ok()).filter(|length| !length.is_zero());
    length.ok_or_else(|| "write a time such as 2s or 800ms, or `off`".to_owned())
}

fn path(text: &str) -> Result<String, String> {
    let plain = text.starts_with('/') && text.chars().all(|c| c.is_ascii_graphic());
    if !plain {
        return Err("write a path such as /health, or `off`".to_owned());
    }
    crate::commands::deploy::inputs::resolve::check::at_service(text).map_err(str::to_owned)
}

/// `50 USD`, `50USD` or `49.90 EUR`.
fn money(text: &str) -> Result<Money, String> {
    let cure = || "write an amount and its currency such as 50 USD, or `off`".to_owned();
    let at = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(cure)?;
    let (amount, currency) = (text[..at].trim(), text[at..].to_ascii_uppercase());
    let (units, cents) = amount.split_once('.').unwrap_or((amount, "00"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let letters = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    if !digits(units) || !digits(cents) || cents.len() > 2 || !letters {
        return Err(cure());
    }
    // Money has 64 bits with a sign; far below that nobody has a budget.
    let units = units.parse().ok().filter(|units| *units < 1_000_000_000_000).ok_or_else(cure)?;
    let nanos = format!("{cents:0<9}").parse().map_err(|_| cure())?;
    if units == 0 && nanos == 0 { Err(cure()) } else { Ok(Money { units, nanos, currency }) }
}

fn channels(text: &str) -> Result<Vec<NotificationChannel>, String> {
    let mut all: Vec<NotificationChannel> = Vec::new();
    for name in scalar::list(text) {
        let channel =
            if name.contains('@') { NotificationChannel::Email(name) } else { NotificationChannel::Named(name) };
        if !all.contains(&channel) {
            all.push(channel);
        }
    }
    if all.len() > MOST_CHANNELS { Err(format!("a policy tells at most {MOST_CHANNELS}")) } else { Ok(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percentages() {
        assert_eq!((share("5%"), share("0.5"), share("12 %")), (Ok(0.05), Ok(0.005), Ok(0.12)));
        for bad in ["0", "100%", "-1", "five", ""] {
            assert!(share(bad).is_err(), "{bad}");
        }
        assert_eq!(scalar::open("off", share), Ok(None));
    }

    #[test]
    fn lengths_may_be_parts_of_a_second() {
        assert_eq!((length("2s"), length("800ms")), (Ok(Duration::from_secs(2)), Ok(Duration::from_millis(800))));
        assert!(length("0ms").is_err() && length("0s").is_err() && length("fast").is_err());
    }

    #[test]
    fn money_has_an_amount_and_a_currency() {
        let usd = |units, nanos| Ok(Money { units, nanos, currency: "USD".into() });
        assert_eq!((money("50 USD"), money("50USD"), money("50 usd")), (usd(50, 0), usd(50, 0), usd(50, 0)));
        assert_eq!((money("49.9 USD"), money("0.05USD")), (usd(49, 900_000_000), usd(0, 50_000_000)));
        for bad in [
            "50",
            "USD",
            "0 USD",
            "-5 USD",
            "5.123 USD",
            "1,000 USD",
            "$50",
            "50 DOLLARS",
            "5 0 USD",
            "9999999999999 USD",
            "",
        ] {
            assert!(money(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_is_told_from_a_name() {
        let both = channels("ops@example.com, On call\nops@example.com");
        assert_eq!(
            both,
            Ok(vec![
                NotificationChannel::Email("ops@example.com".into()),
                NotificationChannel::Named("On call".into())
            ])
        );
    }
}

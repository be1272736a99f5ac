//! Laws of CPU and memory.

use super::containers::containers;
use crate::refusal;
use crate::reply::Reply;
use serde_json::{Map, Value};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// CPU of all containers together, in thousandths.
pub(super) fn total_cpu(config: &Map<String, Value>) -> Option<u64> {
    containers(config).map(|container| thousandths(limit(container, "cpu")?)).sum()
}

fn limit<'a>(container: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    container.get("resources")?["limits"][name].as_str()
}

/// Every container's limits, and the combinations Cloud Run offers.
pub(super) fn check(config: &Map<String, Value>) -> Result<(), Reply> {
    for (index, container) in containers(config).enumerate() {
        let bad = |name: &str, text: &str| {
            Err(refusal::bad_field(&format!("template.containers[{index}].resources.limits.{name}"), text))
        };
        let (Some(cpu), Some(memory)) = (limit(container, "cpu"), limit(container, "memory")) else { continue };
        let Some(cpu) = thousandths(cpu).filter(|cpu| is_offered(*cpu)) else {
            return bad("cpu", &format!("Invalid value specified for cpu: '{cpu}'. Use 1, 2, 4, 6, 8 or 0.08 to 1."));
        };
        let Some(memory) = bytes(memory) else {
            return bad("memory", &format!("Invalid value specified for memory: '{memory}'."));
        };
        let always_on = container.get("resources").is_none_or(|resources| resources["cpuIdle"] != true);
        // What counts is the CPU of the whole instance; the cpu page of Cloud Run's instances says so in as many words
        // (docs configuring/instances/cpu; of jobs, configuring/jobs/cpu).
        if total_cpu(config).unwrap_or(cpu) < 1000 && always_on {
            return bad(
                "cpu",
                "Invalid value specified for cpu. CPU < 1 is not supported when CPU is always allocated.",
            );
        }
        let gen2 = config["template"]["executionEnvironment"] == "EXECUTION_ENVIRONMENT_GEN2";
        let (low, high) = memory_range(cpu, gen2 || always_on);
        // Sidecars share the instance's memory; their own may be smaller.
        let low = if containers(config).count() > 1 { 0 } else { low };
        if memory < low || memory > high {
            let text = format!(
                "Invalid value specified for memory. For {}.{} CPU, memory must be between {} and {} inclusive.",
                cpu / 1000,
                cpu % 1000 / 100,
                shown(low),
                shown(high)
            );
            return bad("memory", &text);
        }
    }
    let concurrency = config["template"]["maxInstanceRequestConcurrency"].as_i64().unwrap_or(0);
    if !(0..=1000).contains(&concurrency) {
        let text = "Max instance request concurrency must be between 1 and 1000.";
        return Err(refusal::bad_field("template.max_instance_request_concurrency", text));
    }
    if total_cpu(config).is_some_and(|cpu| cpu < 1000) && concurrency > 1 {
        let text = "Invalid value specified for cpu. Total cpu < 1 is not supported with concurrency > 1.";
        return Err(refusal::bad_field("template.containers.resources.limits.cpu", text));
    }
    Ok(())
}

fn is_offered(cpu: u64) -> bool {
    (80..1000).contains(&cpu) || [1000, 2000, 4000, 6000, 8000].contains(&cpu)
}

/// Least and most memory for so much CPU.
fn memory_range(cpu: u64, roomy: bool) -> (u64, u64) {
    let least = if roomy { 512 * MIB } else { 128 * MIB };
    match cpu {
        0..500 => (least, 512 * MIB),
        500..1000 => (least, GIB),
        1000 => (least, 4 * GIB),
        2000 => (least, 8 * GIB),
        4000 => (2 * GIB, 16 * GIB),
        6000 => (4 * GIB, 24 * GIB),
        _ => (4 * GIB, 32 * GIB),
    }
}

fn shown(bytes: u64) -> String {
    if bytes.is_multiple_of(GIB) { format!("{}Gi", bytes / GIB) } else { format!("{}Mi", bytes / MIB) }
}

/// `1`, `0.5` or `500m`.
fn thousandths(text: &str) -> Option<u64> {
    match text.strip_suffix('m') {
        Some(text) => text.parse().ok(),
        None => {
            let (whole, part) = text.split_once('.').unwrap_or((text, ""));
            let part = format!("{part:0<3}");
            Some(whole.parse::<u64>().ok()? * 1000 + part.get(..3)?.parse::<u64>().ok()?)
        }
    }
}

/// `512Mi`, `1G`, or a number of bytes.
fn bytes(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    // A fraction is one too (docs of Cloud Run: memory limits).
    let (whole, part) = text[..end].split_once('.').unwrap_or((&text[..end], "0"));
    let digits = u32::try_from(part.len()).ok().filter(|digits| (1..=9).contains(digits))?;
    let (whole, part): (u64, u64) = (whole.parse().ok()?, part.parse().ok()?);
    let unit: u64 = match &text[end..] {
        "" => 1,
        "k" => 1000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => MIB,
        "Gi" => GIB,
        _ => return None,
    };
    whole.checked_mul(unit)?.checked_add(part.checked_mul(unit)? / 10_u64.pow(digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn allowed(cpu: &str, memory: &str, idle: bool, concurrency: i64) -> bool {
        let resources = json!({"limits": {"cpu": cpu, "memory": memory}, "cpuIdle": idle});
        let template = json!({"containers": [{"resources": resources}], "maxInstanceRequestConcurrency": concurrency});
        check(&json!({"template": template}).as_object().cloned().unwrap_or_default()).is_ok()
    }

    #[test]
    fn offered_combinations_pass() {
        for (cpu, memory) in
            [("1", "512Mi"), ("1000m", "4Gi"), ("2", "8Gi"), ("4", "2Gi"), ("8", "32Gi"), ("1", "1G"), ("1", "1.5Gi")]
        {
            assert!(allowed(cpu, memory, true, 80), "{cpu} {memory}");
        }
        assert!(allowed("0.5", "512Mi", true, 1));
        assert!(allowed("1", "128Mi", true, 80));
    }

    #[test]
    fn others_are_refused() {
        for (cpu, memory) in
            [("3", "1Gi"), ("1", "8Gi"), ("4", "1Gi"), ("8", "2Gi"), ("one", "1Gi"), ("1", "1Gib"), ("1", "64Mi")]
        {
            assert!(!allowed(cpu, memory, true, 1), "{cpu} {memory}");
        }
        assert!(!allowed("0.5", "512Mi", true, 2));
        assert!(!allowed("0.5", "512Mi", false, 1));
        assert!(!allowed("1", "256Mi", false, 1));
        assert!(!allowed("1", "512Mi", true, 1001));
    }
}

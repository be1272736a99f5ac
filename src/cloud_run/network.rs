//! How a template reaches a VPC network: by a connector, or by an interface of its own. Pure.

use serde_json::{Map, Value, json};

use super::change_error::ChangeError;
use super::fields::set;
use super::wanted::settings::Settings;
use slipway_names::json::object;

/// Sets what is given of connector, network, subnetwork and egress. An interface keeps what is not named, as its
/// firewall tags; connector and interface exclude each other, so one takes the other's place.
///
/// # Errors
/// When the subnetwork that is there belongs to another network than the one that is asked for.
pub(super) fn apply(template: &mut Map<String, Value>, settings: &Settings) -> Result<(), ChangeError> {
    take_back(template, settings);
    let direct = settings.network.is_some() || settings.subnet.is_some();
    let tags = settings.network_tags.as_ref();
    if !direct && settings.vpc_connector.is_none() && settings.vpc_egress_all.is_none() && tags.is_none() {
        return Ok(());
    }
    let interfaces = template.get("vpcAccess").and_then(|access| access.get("networkInterfaces"));
    let is_there = interfaces.and_then(|all| all.get(0)).is_some();
    if !direct
        && !is_there
        && let Some(tags) = tags
    {
        // There is nothing to take tags away from, and nothing to put them on.
        return if tags.is_empty() { Ok(()) } else { Err(ChangeError::NoInterface) };
    }
    let access = object(template.entry("vpcAccess").or_insert_with(|| json!({})));
    if let Some(connector) = &settings.vpc_connector {
        access.remove("networkInterfaces");
        access.insert("connector".into(), connector.as_str().into());
    }
    if direct || tags.is_some() {
        access.remove("connector");
        let interfaces = access.entry("networkInterfaces").or_insert_with(|| json!([]));
        match interfaces.as_array_mut().and_then(|list| list.first_mut()) {
            // There is one at most (`run.v2`, VpcAccess.networkInterfaces).
            Some(first) => interface(object(first), settings)?,
            None => {
                let mut first = Map::new();
                interface(&mut first, settings)?;
                *interfaces = json!([first]);
            }
        }
    }
    set(access, "egress", settings.vpc_egress_all.map(|all| if all { "ALL_TRAFFIC" } else { "PRIVATE_RANGES_ONLY" }));
    Ok(())
}

/// A network without a subnetwork means the subnetwork of the same name, so such a pair goes together; any other
/// subnetwork of another network could not be reached from the new one.
fn interface(there: &mut Map<String, Value>, settings: &Settings) -> Result<(), ChangeError> {
    let text = |key: &str| there.get(key).and_then(Value::as_str).map(str::to_owned);
    if let (Some(asked), None, Some(network)) = (&settings.network, &settings.subnet, text("network"))
        && short(asked) != short(&network)
        && let Some(subnet) = text("subnetwork")
    {
        if short(&subnet) != short(&network) {
            return Err(ChangeError::OtherNetwork { asked: asked.clone(), there: network, subnet });
        }
        there.remove("subnetwork");
    }
    set(there, "network", settings.network.as_deref());
    set(there, "subnetwork", settings.subnet.as_deref());
    match settings.network_tags.as_deref() {
        Some([]) => drop(there.remove("tags")),
        Some(tags) => drop(there.insert("tags".into(), tags.into())),
        None => {}
    }
    Ok(())
}

/// Takes the interface away, and with it which traffic goes through it (gcloud's `--clear-network`); or its subnetwork.
fn take_back(template: &mut Map<String, Value>, settings: &Settings) {
    let Some(access) = template.get_mut("vpcAccess").map(object) else { return };
    if settings.gone.contains(&"network") && access.remove("networkInterfaces").is_some() {
        access.remove("egress");
    }
    if settings.gone.contains(&"subnet")
        && let Some(first) = access.get_mut("networkInterfaces").and_then(|all| all.get_mut(0))
    {
        object(first).remove("subnetwork");
    }
    if access.is_empty() {
        template.remove("vpcAccess");
    }
}

/// A network's or subnetwork's own name: it may be written with its project and place.
fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(there: Value, network: &str, subnet: &str) -> Result<Value, ChangeError> {
        let mut template = json!({"vpcAccess": there});
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let settings = Settings { network: given(network), subnet: given(subnet), ..Settings::default() };
        apply(object(&mut template), &settings)?;
        Ok(template["vpcAccess"].take())
    }

    #[test]
    fn an_interface_keeps_what_is_not_named() {
        let there = || json!({"egress": "ALL_TRAFFIC", "networkInterfaces": [{"network": "projects/p/global/networks/net", "subnetwork": "sub", "tags": ["allow-db"], "future": 1}]});
        let interface = |network: &str, subnet: &str| json!({"egress": "ALL_TRAFFIC", "networkInterfaces": [{"network": network, "subnetwork": subnet, "tags": ["allow-db"], "future": 1}]});
        assert_eq!(changed(there(), "net", ""), Ok(interface("net", "sub")), "the same network, by its own name");
        assert_eq!(changed(there(), "", "other"), Ok(interface("projects/p/global/networks/net", "other")));
        assert_eq!(changed(there(), "b", "c"), Ok(interface("b", "c")));
        let error = changed(there(), "b", "").expect_err("a subnetwork of another network");
        assert_eq!(
            error.to_string(),
            "`network` is `b`, and subnetwork `sub` that is there is one of network `projects/p/global/networks/net`"
        );
    }

    #[test]
    fn the_subnetwork_of_the_networks_own_name_goes_with_it() {
        let there = json!({"networkInterfaces": [{"network": "default", "subnetwork": "default", "tags": ["t"]}]});
        assert_eq!(changed(there, "prod", ""), Ok(json!({"networkInterfaces": [{"network": "prod", "tags": ["t"]}]})));
    }
}

//! A project as Google hands it out, before anybody has done anything in it, and what enabling an API makes.

use super::World;
use super::project::{ON_BY_DEFAULT, Project};

impl World {
    /// One project that somebody pays for and nobody has touched: no account, no role, no site, and of APIs those alone
    /// that are on in every new project. Google has given its default accounts no role, as in organisations made since
    /// May 2024.
    pub fn empty() -> World {
        let mut world = World::nothing();
        world.billing();
        let mut project = Project::new(World::PROJECT, World::NUMBER);
        project.has_proxy_agent = false;
        project.enabled.retain(|service| ON_BY_DEFAULT.contains(&service.as_str()));
        world.projects.insert(World::PROJECT.to_owned(), project);
        world
    }

    /// Enables an API of the seed's project. Cloud Run's brings the Compute Engine default account, without a role, and
    /// the agent by which it works, with its own (<https://docs.cloud.google.com/run/docs/quickstarts/build-and-deploy>).
    pub fn enable_api(&mut self, service: &str) {
        let project = self.home();
        project.enabled.insert(service.to_owned());
        let (compute, agent) = (project.compute_account(), project.run_agent());
        if service != "run.googleapis.com" {
            return;
        }
        for email in [&compute, &agent] {
            if !self.accounts.contains_key(email) {
                self.add_account(World::PROJECT, email);
            }
        }
        self.grant(World::PROJECT, &agent, "roles/run.serviceAgent");
    }
}

//! `cupola.toml`: what need not be said on every start. Variables override it, flags override those.
//! A section of the file is a file of this folder.

mod access;
mod alerts;
pub(crate) mod assistant;
mod economy;
mod hardware;
mod prices;
mod scheduling;
pub(crate) mod services;
mod tls;
mod training;
mod verification;
mod worker;
pub(crate) mod workspaces;

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use cupola_domain::{access::Role, resources::Profiles, scheduling::Policy};
use cupola_economy::policy::Profile;
use cupola_hub::{costs::Prices, ledger::Economy, verification::Verification};
use cupola_web::{Home, workspaces::Workspaces};
use cupola_worker::{Admits, Sandbox};
use serde::Deserialize;

use crate::{cli::Up, tls::Encryption, watched};
pub(crate) use training::Training;

/// The file's name, here and in the user's configuration folder.
const FILE_NAME: &str = "cupola.toml";

/// The port, unless another is named.
pub(crate) const PORT: u16 = 7171;

/// How much is kept of a file, unless said otherwise.
const ARTIFACT_MIB_MAX: u64 = cupola_hub::artifacts::BYTES_MAX >> 20;

/// What may stand in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    host: Option<String>,
    port: Option<u16>,
    data: Option<PathBuf>,
    database: Option<String>,
    templates: Vec<PathBuf>,
    allow_hosts: Vec<String>,
    allow_remote: bool,
    behind_tls: bool,
    tls: tls::Section,
    metrics_token: Option<String>,
    no_browser: bool,
    slots: Option<u32>,
    artifact_mib_max: Option<u32>,
    home: FirstPage,
    access: access::Section,
    assistant: assistant::Section,
    prices: prices::Section,
    economy: economy::Section,
    scheduling: scheduling::Section,
    hardware: hardware::Section,
    verification: verification::Section,
    training: training::Section,
    workspaces: workspaces::Section,
    service_ports: Option<String>,
    url: Option<String>,
    mail: alerts::MailSection,
    webhooks: alerts::WebhooksSection,
    worker: worker::Section,
}

/// What `/` shows.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FirstPage {
    #[default]
    Overview,
    Training,
}

/// All that a hub is started with.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub host: String,
    pub port: u16,
    pub data: Option<PathBuf>,
    pub database: Option<String>,
    pub templates: Vec<PathBuf>,
    pub allow_hosts: Vec<String>,
    pub allow_remote: bool,
    pub behind_tls: bool,
    /// Whether the hub itself encrypts.
    pub tls: Encryption,
    pub metrics_token: Option<String>,
    pub no_browser: bool,
    pub slots: u32,
    /// How much is kept of one file, in MiB.
    pub artifact_mib_max: u64,
    /// What `/` shows.
    pub home: Home,
    /// What callers on this machine may do without a token.
    pub loopback_role: Option<Role>,
    /// The language model that answers questions, where there is one.
    pub assistant: Option<assistant::Assistant>,
    /// What machines cost.
    pub prices: Prices,
    /// How credits go.
    pub economy: Economy,
    /// What owners of tasks may have at work.
    pub scheduling: Policy,
    /// Which classes of machine may be asked for.
    pub hardware: Profiles,
    /// Who is believed, and whose results are checked.
    pub verification: Verification,
    /// What is trained; none leaves what an earlier hub was told.
    pub training: Option<Training>,
    /// By which address people open the hub, where that is not the one it listens on.
    pub url: Option<String>,
    /// How messages about alerts leave, and where they go.
    pub alerts: alerts::Alerts,
    /// What is watched beside the hub's own things.
    pub workspaces: Workspaces,
    /// On which ports services are reached; any that is free without them.
    pub service_ports: Option<RangeInclusive<u16>>,
    /// How far the worker beside the hub keeps programs in, and which it runs.
    pub worker: (Sandbox, Admits),
}

impl Config {
    /// A hub for this process alone: on a free port of this machine, with all it keeps in `data`.
    pub(crate) fn private(data: Option<PathBuf>, templates: Vec<PathBuf>, slots: u32) -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 0,
            data,
            database: None,
            templates,
            allow_hosts: Vec::new(),
            allow_remote: false,
            behind_tls: false,
            tls: Encryption::Off,
            metrics_token: None,
            no_browser: true,
            slots,
            artifact_mib_max: ARTIFACT_MIB_MAX,
            home: Home::Overview,
            loopback_role: None,
            assistant: None,
            prices: Prices::default(),
            economy: Economy::default(),
            scheduling: Policy::default(),
            hardware: Profiles::default(),
            verification: Verification::default(),
            training: None,
            url: None,
            alerts: alerts::Alerts::default(),
            workspaces: Workspaces::default(),
            service_ports: None,
            worker: (Sandbox::default(), Admits::default()),
        }
    }

    /// Flags and variables (which clap has merged) over the file over the defaults.
    pub(crate) fn load(flags: Up) -> anyhow::Result<Self> {
        let path = flags.config.or_else(found);
        let file = path.as_deref().map(read).transpose()?.unwrap_or_default();
        // What the file names is named from where it lies.
        let base = path.as_deref().map_or(Ok(PathBuf::new()), folder_of)?;
        let training = file.training.read(&base);
        let variable = |name: &str| std::env::var(name).ok();
        let assistant = file.assistant.read(&base, variable);
        let prices = file.prices.read();
        let verification = file.verification.read();
        let profile = verification.as_ref().map_or(Profile::Lab, |of| of.profile);
        let economy = file.economy.read(profile);
        let scheduling = file.scheduling.read();
        let hardware = hardware::read(file.hardware);
        let alerts = alerts::read(file.mail, file.webhooks, &base);
        let workspaces = workspaces::places(file.workspaces, &base, flags.workspace);
        let worker = file.worker.read(&base);
        let files = (flags.tls.certificate, flags.tls.key);
        let tls = file.tls.read(&base, flags.tls.own, files);
        let mut config = Self {
            host: flags
                .host
                .or(file.host)
                .unwrap_or_else(|| "127.0.0.1".to_owned()),
            port: flags.port.or(file.port).unwrap_or(PORT),
            data: flags.data.or(file.data),
            database: flags.database.or(file.database),
            templates: file.templates.into_iter().chain(flags.templates).collect(),
            allow_hosts: file
                .allow_hosts
                .into_iter()
                .chain(flags.allow_host)
                .collect(),
            allow_remote: flags.allow_remote || file.allow_remote,
            behind_tls: flags.behind_tls || file.behind_tls,
            tls: tls.with_context(|| wrong(path.as_deref()))?,
            metrics_token: flags.metrics_token.or(file.metrics_token),
            no_browser: flags.no_browser || file.no_browser,
            slots: flags.slots.or(file.slots).unwrap_or(1),
            artifact_mib_max: flags
                .artifact_mib_max
                .or(file.artifact_mib_max)
                .map_or(ARTIFACT_MIB_MAX, u64::from),
            home: match file.home {
                FirstPage::Overview => Home::Overview,
                FirstPage::Training => Home::Training,
            },
            loopback_role: None,
            assistant: assistant.with_context(|| wrong(path.as_deref()))?,
            prices: prices.with_context(|| wrong(path.as_deref()))?,
            verification: verification.with_context(|| wrong(path.as_deref()))?,
            economy: economy.with_context(|| wrong(path.as_deref()))?,
            scheduling: scheduling.with_context(|| wrong(path.as_deref()))?,
            hardware: hardware.with_context(|| wrong(path.as_deref()))?,
            training: Some(training.with_context(|| wrong(path.as_deref()))?),
            url: web_address(file.url).with_context(|| wrong(path.as_deref()))?,
            alerts: alerts.with_context(|| wrong(path.as_deref()))?,
            workspaces: watched::workspaces(
                workspaces.with_context(|| wrong(path.as_deref()))?,
                flags.workdir,
            )?,
            service_ports: ports(file.service_ports.as_deref())
                .with_context(|| wrong(path.as_deref()))?,
            worker: worker.with_context(|| wrong(path.as_deref()))?,
        };
        config.loopback_role = file.access.loopback_role(&config)?;
        Ok(config)
    }
}

fn folder_of(path: &Path) -> anyhow::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    Ok(path.parent().unwrap_or(&path).to_owned())
}

/// Links in messages lead there.
fn web_address(url: Option<String>) -> anyhow::Result<Option<String>> {
    let is_web = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if let Some(url) = url.as_ref().filter(|url| !is_web(url)) {
        anyhow::bail!("`url`: is `{url}`; write one such as `https://hub.lab`");
    }
    Ok(url)
}

/// `7180-7189`, from the first to the last.
fn ports(text: Option<&str>) -> anyhow::Result<Option<RangeInclusive<u16>>> {
    let Some(text) = text else {
        return Ok(None);
    };
    let read = text.split_once('-').and_then(|(first, last)| {
        let number = |text: &str| text.trim().parse().ok().filter(|port: &u16| *port > 0);
        Some(number(first)?..=number(last)?)
    });
    let ports = read.filter(|ports| !ports.is_empty());
    let ports = ports
        .with_context(|| format!("`service_ports`: is `{text}`; write some such as `7180-7189`"))?;
    Ok(Some(ports))
}

/// Which file something is wrong with.
fn wrong(path: Option<&Path>) -> String {
    let path = path.unwrap_or(Path::new(FILE_NAME));
    format!("`{}` is not a configuration", path.display())
}

/// The data folder that the file names which a hub started here would read.
pub(crate) fn data() -> Option<PathBuf> {
    let text = std::fs::read_to_string(found()?).ok()?;
    let file: toml::Table = text.parse().ok()?;
    Some(PathBuf::from(file.get("data")?.as_str()?))
}

fn found() -> Option<PathBuf> {
    let user = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".config")))
        .map(|folder| folder.join("cupola").join(FILE_NAME));
    [Some(PathBuf::from(FILE_NAME)), user]
        .into_iter()
        .flatten()
        .find(|path| path.is_file())
}

fn read(path: &Path) -> anyhow::Result<File> {
    let shown = path.display();
    let text =
        std::fs::read_to_string(path).with_context(|| format!("failed to read `{shown}`"))?;
    toml::from_str(&text).with_context(|| format!("`{shown}` is not a configuration"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_from_the_first_to_the_last() {
        let check = |text: &str, expected: Option<RangeInclusive<u16>>| {
            assert_eq!(ports(Some(text)).ok().flatten(), expected, "{text}");
        };
        check("7180-7189", Some(7180..=7189));
        check("7180 - 7180", Some(7180..=7180));
        for wrong in ["", "7180", "7189-7180", "0-1", "1-70000", "a-b"] {
            check(wrong, None);
        }
        assert_eq!(ports(None).unwrap(), None);
    }

    #[test]
    fn links_lead_to_the_web() {
        let check = |url: &str, is_taken: bool| {
            let read = web_address(Some(url.to_owned()));
            assert_eq!(read.is_ok(), is_taken, "{url}");
        };
        check("https://hub.lab", true);
        check("http://127.0.0.1:7400", true);
        check("javascript:alert(1)", false);
        check("hub.lab", false);
    }
}

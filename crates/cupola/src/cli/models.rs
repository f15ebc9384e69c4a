//! The options of `cupola model`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Connect, Paging, Read};

#[derive(Debug, Subcommand)]
pub(crate) enum Model {
    /// List the registry's models.
    List {
        /// Only those whose name contains this.
        #[arg(long)]
        search: Option<String>,
        #[command(flatten)]
        paging: Paging,
        #[command(flatten)]
        read: Read,
    },
    /// Show a model with its versions, evaluations and deployments.
    Show {
        /// Its name or id.
        model: String,
        #[command(flatten)]
        read: Read,
    },
    /// Make files of a run the next version of a model.
    Promote(Promote),
    /// Say whether a version is in use.
    #[command(disable_version_flag = true)]
    Stage {
        /// The model's name or id.
        model: String,
        /// The version's number, or an alias.
        version: String,
        /// `none`, `staging`, `production` or `archived`.
        stage: String,
        /// Archive all others in that stage.
        #[arg(long)]
        archive_others: bool,
        #[command(flatten)]
        read: Read,
    },
    /// Let an alias stand for a version, or take it away.
    #[command(disable_version_flag = true)]
    Alias {
        /// The model's name or id.
        model: String,
        /// The alias.
        alias: String,
        /// The version's number; without one the alias goes.
        version: Option<u32>,
        #[command(flatten)]
        read: Read,
    },
    /// Say where a model is deployed.
    #[command(disable_version_flag = true)]
    Deploy {
        /// The model's name or id.
        model: String,
        /// `pending`, `ready`, `active`, `failed` or `retired`.
        status: String,
        /// Where, in words or as an address.
        #[arg(long, default_value = "")]
        place: String,
        /// Which version.
        #[arg(long)]
        version: Option<u32>,
        /// For people.
        #[arg(long, default_value = "")]
        note: String,
        #[command(flatten)]
        read: Read,
    },
    /// Say how a model did, or take it from a run.
    #[command(disable_version_flag = true)]
    Evaluate(Evaluate),
    /// Fetch the files of a model: its version in production, else the newest, or the samples it is trained with.
    #[command(disable_version_flag = true)]
    Download {
        /// The model's name or id.
        model: String,
        /// One file of the version; all of them as one archive, unless given.
        file: Option<String>,
        /// The version's number, or an alias; the newest, unless given.
        #[arg(long)]
        version: Option<String>,
        /// Where to, `-` for standard output; a new file here, unless given.
        #[arg(short, long)]
        output: Option<PathBuf>,
        #[command(flatten)]
        connect: Connect,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Promote {
    /// The run.
    pub run: String,
    /// The model, made where there is none; the run's tag `model`, unless given.
    #[arg(long, default_value = "")]
    pub model: String,
    /// A file or folder of the run; may be given several times. All, unless given.
    #[arg(long = "file", value_name = "NAME")]
    pub files: Vec<String>,
    /// Notes for people.
    #[arg(long, default_value = "")]
    pub notes: String,
    /// `staging` or `production`, for instance.
    #[arg(long)]
    pub stage: Option<String>,
    /// What stands for it from now on; may be given several times.
    #[arg(long = "alias")]
    pub aliases: Vec<String>,
    #[command(flatten)]
    pub read: Read,
}

#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// The model's name or id.
    pub model: String,
    /// The score; what the run gave, unless given.
    #[arg(allow_negative_numbers = true)]
    pub score: Option<f64>,
    /// What was measured: `overall_score`, or the run's objective, unless given.
    #[arg(long, default_value = "")]
    pub metric: String,
    /// The run that measured it.
    #[arg(long)]
    pub run: Option<String>,
    /// Which version.
    #[arg(long)]
    pub version: Option<u32>,
    /// What the evaluation is called.
    #[arg(long, default_value = "")]
    pub source: String,
    /// For people.
    #[arg(long, default_value = "")]
    pub note: String,
    #[command(flatten)]
    pub read: Read,
}

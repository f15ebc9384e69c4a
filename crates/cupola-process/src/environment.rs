//! Which of its owner's variables a program may see.

use std::ffi::{OsStr, OsString};

/// What programs need to find their interpreter, libraries, caches and devices. Nothing that is a
/// secret: the hub's token may stand in the owner's environment.
const ALLOWED: [&str; 34] = [
    "CONDA_PREFIX",
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_HOME",
    "CUDA_PATH",
    "CUDA_VISIBLE_DEVICES",
    "HF_HOME",
    "HIP_VISIBLE_DEVICES",
    "HOME",
    "LANG",
    "LANGUAGE",
    "LD_LIBRARY_PATH",
    "LOGNAME",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NVIDIA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PATH",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "PYTHONPATH",
    "PYTHONHASHSEED",
    "ROCR_VISIBLE_DEVICES",
    "SHELL",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "TORCH_HOME",
    "TZ",
    "USER",
    "VIRTUAL_ENV",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
];

/// The locale's variables.
const ALLOWED_PREFIX: &str = "LC_";

/// The part of `environment` that programs may see.
pub fn allowed(environment: &[(OsString, OsString)]) -> Vec<(OsString, OsString)> {
    environment
        .iter()
        .filter(|(name, _)| is_allowed(name))
        .cloned()
        .collect()
}

fn is_allowed(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| ALLOWED.contains(&name) || name.starts_with(ALLOWED_PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: bool) {
        let given = [(OsString::from(name), OsString::from("x"))];
        assert_eq!(!allowed(&given).is_empty(), expected, "{name}");
    }

    #[test]
    fn programs_see_what_they_need() {
        for name in ["PATH", "HOME", "LC_ALL", "CUDA_VISIBLE_DEVICES"] {
            check(name, true);
        }
    }

    #[test]
    fn programs_do_not_see_secrets() {
        for name in ["CUPOLA_TOKEN", "AWS_SECRET_ACCESS_KEY", "path", ""] {
            check(name, false);
        }
    }
}

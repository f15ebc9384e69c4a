//! macOS: a property list of launchd.

use std::path::PathBuf;

use super::{Scope, Service, Step, attempt, run, text};

/// What the service is called.
const LABEL: &str = "cupola.worker";

pub(super) fn install(service: &Service) -> Vec<Step> {
    let path = path(service);
    vec![
        // What was there before is not read anew by itself.
        attempt(&["launchctl", "bootout", &target(service)]),
        Step::Write(path.clone(), list(service)),
        run(&["launchctl", "bootstrap", &domain(service), &text(&path)]),
    ]
}

pub(super) fn uninstall(service: &Service) -> Vec<Step> {
    vec![
        attempt(&["launchctl", "bootout", &target(service)]),
        Step::Remove(path(service)),
    ]
}

fn domain(service: &Service) -> String {
    match service.scope {
        Scope::User => format!("gui/{}", service.uid),
        Scope::System => "system".to_owned(),
    }
}

fn target(service: &Service) -> String {
    format!("{}/{LABEL}", domain(service))
}

fn path(service: &Service) -> PathBuf {
    let folder = match service.scope {
        Scope::User => service.home.join("Library/LaunchAgents"),
        Scope::System => PathBuf::from("/Library/LaunchDaemons"),
    };
    folder.join(format!("{LABEL}.plist"))
}

/// The property list's text.
fn list(service: &Service) -> String {
    let words = std::iter::once(&text(&service.binary))
        .chain(&service.arguments)
        .map(|word| format!("    <string>{}</string>\n", escaped(word)))
        .collect::<Vec<_>>()
        .concat();
    let log = escaped(&text(&service.state.join("worker.log")));
    // launchd knows users by name alone; the folder of a system's worker is root's.
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <plist version=\"1.0\">\n\
         <dict>\n\
         \x20 <key>Label</key><string>{LABEL}</string>\n\
         \x20 <key>ProgramArguments</key>\n\
         \x20 <array>\n\
         {words}\
         \x20 </array>\n\
         \x20 <key>RunAtLoad</key><true/>\n\
         \x20 <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>\n\
         \x20 <key>ThrottleInterval</key><integer>30</integer>\n\
         \x20 <key>ExitTimeOut</key><integer>30</integer>\n\
         \x20 <key>StandardErrorPath</key><string>{log}</string>\n\
         </dict>\n\
         </plist>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{service, shown};
    use super::*;

    #[test]
    fn a_users_worker_starts_with_their_session() {
        insta::assert_snapshot!(shown(&install(&service(Scope::User))), @r#"
        try ["launchctl", "bootout", "gui/1000/cupola.worker"]
        write /home/ann/Library/LaunchAgents/cupola.worker.plist
        <?xml version="1.0" encoding="UTF-8"?>
        <plist version="1.0">
        <dict>
          <key>Label</key><string>cupola.worker</string>
          <key>ProgramArguments</key>
          <array>
            <string>/usr/local/bin/cupola</string>
            <string>worker</string>
            <string>--state</string>
            <string>/home/ann/my runs</string>
            <string>--slots</string>
            <string>2</string>
          </array>
          <key>RunAtLoad</key><true/>
          <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
          <key>ThrottleInterval</key><integer>30</integer>
          <key>ExitTimeOut</key><integer>30</integer>
          <key>StandardErrorPath</key><string>/home/ann/my runs/worker.log</string>
        </dict>
        </plist>
        run ["launchctl", "bootstrap", "gui/1000", "/home/ann/Library/LaunchAgents/cupola.worker.plist"]
        "#);
    }

    #[test]
    fn it_goes_as_it_came() {
        insta::assert_snapshot!(shown(&uninstall(&service(Scope::System))), @r#"
        try ["launchctl", "bootout", "system/cupola.worker"]
        remove /Library/LaunchDaemons/cupola.worker.plist
        "#);
    }

    #[test]
    fn words_stay_words() {
        let mut service = service(Scope::User);
        service.arguments = vec!["<a> & b".to_owned()];
        assert!(list(&service).contains("<string>&lt;a&gt; &amp; b</string>"));
    }
}

//! What people and their programs ask a hub about alerts.

use cupola_protocol::{
    alerts::{
        AlertBody, AlertDeliveryBody, AlertDetailBody, AlertRuleBody, AlertTargetBody,
        AlertTestBody, CreatedAlertTarget, MuteAlertRule, NewAlertRule, NewAlertTarget,
        ResolvedAlerts,
    },
    paths::api,
};

use crate::{Client, Error, transport::at};

/// As many as a hub shows at once.
const ALL: [(&str, &str); 1] = [("limit", "1000")];

impl Client {
    /// Alerts, those opened last first; only those in a state, where one is named, or several with
    /// commas between them.
    pub async fn alerts(&self, state: Option<&str>) -> Result<Vec<AlertBody>, Error> {
        let state = state.map(|state| ("state", state));
        let query: Vec<_> = ALL.into_iter().chain(state).collect();
        self.list(api::ALERTS, &query).await
    }

    /// An alert with its history.
    pub async fn alert(&self, id: &str) -> Result<AlertDetailBody, Error> {
        self.fetch(&at(api::ALERT, id)).await
    }

    /// Says that the bearer of this client's token looks after an alert.
    pub async fn acknowledge_alert(&self, id: &str) -> Result<AlertDetailBody, Error> {
        self.post(&at(api::ALERT_ACKNOWLEDGEMENT, id), &()).await
    }

    /// Says that what happened is dealt with.
    pub async fn resolve_alert(&self, id: &str) -> Result<AlertDetailBody, Error> {
        self.post(&at(api::ALERT_RESOLUTION, id), &()).await
    }

    /// The rules, by name.
    pub async fn alert_rules(&self) -> Result<Vec<AlertRuleBody>, Error> {
        self.list(api::ALERT_RULES, &ALL).await
    }

    /// Makes a rule.
    pub async fn create_alert_rule(&self, rule: &NewAlertRule) -> Result<AlertRuleBody, Error> {
        self.post(api::ALERT_RULES, rule).await
    }

    /// Changes a rule.
    pub async fn edit_alert_rule(
        &self,
        id: &str,
        rule: &NewAlertRule,
    ) -> Result<AlertRuleBody, Error> {
        self.put(&at(api::ALERT_RULE, id), rule).await
    }

    /// Tells nobody of a rule for so many minutes; 0 for no longer.
    pub async fn mute_alert_rule(&self, id: &str, mins: u64) -> Result<AlertRuleBody, Error> {
        let body = MuteAlertRule { mins };
        self.put(&at(api::ALERT_RULE_MUTE, id), &body).await
    }

    /// Says that all that happened so far by a rule is dealt with.
    pub async fn resolve_alerts_of(&self, id: &str) -> Result<ResolvedAlerts, Error> {
        self.post(&at(api::ALERT_RULE_RESOLUTION, id), &()).await
    }

    /// Removes a rule with all that it found.
    pub async fn delete_alert_rule(&self, id: &str) -> Result<(), Error> {
        self.delete(&at(api::ALERT_RULE, id)).await
    }

    /// Targets, without their addresses.
    pub async fn alert_targets(&self) -> Result<Vec<AlertTargetBody>, Error> {
        self.list(api::ALERT_TARGETS, &ALL).await
    }

    /// Makes a target. A secret that the hub made up is in the answer and nowhere else.
    pub async fn create_alert_target(
        &self,
        target: &NewAlertTarget,
    ) -> Result<CreatedAlertTarget, Error> {
        self.post(api::ALERT_TARGETS, target).await
    }

    /// Sends a target a test.
    pub async fn test_alert_target(&self, id: &str) -> Result<AlertTestBody, Error> {
        self.post(&at(api::ALERT_TARGET_TEST, id), &()).await
    }

    /// Removes a target.
    pub async fn delete_alert_target(&self, id: &str) -> Result<(), Error> {
        self.delete(&at(api::ALERT_TARGET, id)).await
    }

    /// What was sent and is to be sent, the latest first.
    pub async fn alert_deliveries(&self) -> Result<Vec<AlertDeliveryBody>, Error> {
        self.list(api::ALERT_DELIVERIES, &ALL).await
    }
}

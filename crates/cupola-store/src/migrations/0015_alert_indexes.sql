-- Alerts of a rule that are not resolved, and alerts in a state.
CREATE INDEX alert_unresolved_of_rule ON alert (rule_id, opened_at, id) WHERE state <> 'resolved';
CREATE INDEX alert_by_state ON alert (state, opened_at, id);

-- What is due of each target, and what has ended, by its age.
CREATE INDEX alert_delivery_due_of_target ON alert_delivery (target_id, state_at, id)
    WHERE state = 'pending';
CREATE INDEX alert_delivery_ended ON alert_delivery (created_at) WHERE state <> 'pending';
CREATE INDEX alert_message_by_age ON alert_message (at);

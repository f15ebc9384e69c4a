//! Reports.

use cupola_protocol::{
    paths::api,
    reports::{KeptReportBody, NewReport, NewReportSchedule, ReportDetail, ReportScheduleBody},
};

use crate::{Client, Download, Error, transport::at};

/// As many as a hub shows at once.
const ALL: [(&str, &str); 1] = [("limit", "1000")];

impl Client {
    /// A report on experiments, families or briefs, by ids or names, as it would be now: `json`, `markdown`
    /// or `html`.
    pub async fn report_now(&self, of: &[String], format: &str) -> Result<Download, Error> {
        let of = of.iter().map(|one| ("of", one.as_str()));
        let query: Vec<(&str, &str)> = of.chain([("format", format)]).collect();
        self.download_list(api::REPORT_NOW, &query).await
    }

    /// Writes a report and keeps it.
    pub async fn keep_report(&self, new: &NewReport) -> Result<KeptReportBody, Error> {
        self.post(api::REPORTS, new).await
    }

    /// Reports that are kept, the latest first.
    pub async fn reports(&self) -> Result<Vec<KeptReportBody>, Error> {
        self.list(api::REPORTS, &ALL).await
    }

    /// A report that is kept.
    pub async fn kept_report(&self, id: &str) -> Result<ReportDetail, Error> {
        self.fetch(&at(api::REPORT, id)).await
    }

    /// The same as a file: `markdown` or `html`.
    pub async fn report_file(&self, id: &str, format: &str) -> Result<Download, Error> {
        self.download_list(&at(api::REPORT, id), &[("format", format)])
            .await
    }

    /// Deletes a report.
    pub async fn delete_report(&self, id: &str) -> Result<(), Error> {
        self.delete(&at(api::REPORT, id)).await
    }

    /// When reports are made by themselves.
    pub async fn report_schedules(&self) -> Result<Vec<ReportScheduleBody>, Error> {
        self.list(api::REPORT_SCHEDULES, &ALL).await
    }

    /// Has reports made by themselves.
    pub async fn create_report_schedule(
        &self,
        new: &NewReportSchedule,
    ) -> Result<ReportScheduleBody, Error> {
        self.post(api::REPORT_SCHEDULES, new).await
    }

    /// Deletes a schedule; what it made stays.
    pub async fn delete_report_schedule(&self, id: &str) -> Result<(), Error> {
        self.delete(&at(api::REPORT_SCHEDULE, id)).await
    }
}

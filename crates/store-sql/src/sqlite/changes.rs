//! Which logs were appended to since the last look: transactions commit in the order of their numbers, so a look is the
//! highest number it saw.

use service::ports::StoreResult;

use super::backend::SqliteBackend;
use crate::backend::{Backend as _, Changes};
use crate::{codec, sql};

pub async fn since(backend: &SqliteBackend, look: Option<&str>) -> StoreResult<Changes> {
    let Some(since) = look.and_then(|look| look.parse::<i64>().ok()) else {
        let row = backend.one(sql::query("SELECT COALESCE(MAX(chg), 0) AS chg FROM log")).await?;
        let now: i64 = row.map_or(Ok(0), |row| row.get("chg"))?;
        return Ok(Changes { logs: Vec::new(), look: now.to_string(), lost: look.is_some() });
    };
    let rows = backend.all(sql::query("SELECT log, head, chg FROM log WHERE chg > $1").bind(since)).await?;
    let mut next = since;
    for row in &rows {
        next = next.max(row.get("chg")?);
    }
    let logs = rows.iter().map(codec::log_head).collect::<StoreResult<_>>()?;
    Ok(Changes { logs, look: next.to_string(), lost: false })
}

//! Runs one log's appender: executes the machine's commands and delivers its answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::limits::{APPEND_DEADLINE, APPENDER_IDLE, APPENDER_WINDOW, CLOCK_STEP};
use domain::{Change, Gap, LogId, Now};
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::appender::{Appender, Command, Input, Output, Token};
use super::{Logs, ReplyTo, rows};
use crate::log_throttle::LogThrottle;
use crate::ports::{AppendError, Store, StoreError, StoreResult};

/// Changes that are passed to the machine in one go.
const TAKEN_AT_ONCE: usize = 512;
/// Milliseconds before a read with a hole is retried.
const HOLE_RETRY_MS: u64 = 50;

/// A change on its way to the appender.
pub(super) struct Submission {
    pub(super) change: Change,
    /// Whether another node forwarded it.
    pub(super) forwarded: bool,
    pub(super) reply: ReplyTo,
}

/// The task of one log.
pub(super) struct AppenderTask {
    logs: Arc<Logs>,
    log: LogId,
    appender: Appender,
    submissions: mpsc::Receiver<Box<Submission>>,
    replies: HashMap<Token, ReplyTo>,
    next_token: Token,
    output: Vec<Output>,
    /// When this task committed last.
    committed: Option<Now>,
}

impl AppenderTask {
    pub(super) fn new(logs: Arc<Logs>, log: LogId, submissions: mpsc::Receiver<Box<Submission>>) -> AppenderTask {
        let appender = Appender::new(log, logs.store.log.shape());
        AppenderTask {
            logs,
            log,
            appender,
            submissions,
            replies: HashMap::new(),
            next_token: 0,
            output: Vec::new(),
            committed: None,
        }
    }

    /// Runs until the log has been quiet for [`APPENDER_IDLE`].
    pub(super) async fn run(mut self: Box<Self>) {
        let mut command: Option<BoxFuture<'static, Input>> = None;
        let mut taken = Vec::new();
        let mut quiet_since = Instant::now();
        loop {
            let deadline = self.appender.next_deadline().map(|at| self.logs.started + at);
            let over = quiet_since + APPENDER_IDLE;
            let wake = deadline.map_or(over, |deadline| deadline.min(over));
            tokio::select! {
                biased;
                input = running(&mut command) => {
                    command = None;
                    let now = self.now();
                    self.appender.input(input, now, &self.logs.rates, &mut self.output);
                }
                count = self.submissions.recv_many(&mut taken, TAKEN_AT_ONCE) => {
                    if count == 0 {
                        return;
                    }
                    self.submit(taken.drain(..));
                }
                () = sleep_until(wake) => {
                    let is_over = self.appender.is_idle() && over <= Instant::now();
                    if is_over && self.logs.forget_quiet(self.log, &self.submissions) {
                        return;
                    }
                    let now = self.now();
                    self.appender.go(now, &self.logs.rates, &mut self.output);
                }
            }
            if let Some(next) = self.carry_out() {
                command = Some(next);
            }
            if !self.appender.is_idle() {
                quiet_since = Instant::now();
            }
        }
    }

    fn now(&self) -> Now {
        Now { wall: self.logs.clock.now(), elapsed: self.logs.started.elapsed() }
    }

    /// Warns when the wall clock stepped since the last commit: entries carry its time, and readers see them in a wrong place.
    fn note_clock(&mut self) {
        let now = self.now();
        let Some(last) = self.committed.replace(now) else { return };
        let passed = i64::try_from((now.elapsed - last.elapsed).as_millis()).unwrap_or(i64::MAX);
        let step_ms = now.wall.0 - last.wall.0 - passed;
        if step_ms.unsigned_abs() < CLOCK_STEP.as_millis() as u64 {
            return;
        }
        static LINE: LogThrottle = LogThrottle::new();
        if let Some(repeated) = LINE.admit("clock step", std::time::Instant::now()) {
            tracing::warn!(log = %self.log, step_ms, repeated, "the clock of this node stepped, entries carry its new time");
        }
    }

    fn submit(&mut self, submissions: impl Iterator<Item = Box<Submission>>) {
        let now = self.now();
        for submission in submissions {
            let Submission { change, forwarded, reply } = *submission;
            self.next_token += 1;
            self.replies.insert(self.next_token, reply);
            match forwarded {
                true => self.appender.submit_forwarded(change, self.next_token, now, &mut self.output),
                false => self.appender.submit(change, self.next_token, now, &mut self.output),
            }
        }
        self.appender.go(now, &self.logs.rates, &mut self.output);
    }

    /// Delivers commits and answers, and returns the command to run next.
    fn carry_out(&mut self) -> Option<BoxFuture<'static, Input>> {
        let mut command = None;
        for output in std::mem::take(&mut self.output) {
            match output {
                Output::Ask(next) => command = Some(next),
                Output::Committed(committed) => {
                    self.note_clock();
                    self.logs.tell(&committed);
                }
                Output::Answer(token, answer) => {
                    if let Some(reply) = self.replies.remove(&token) {
                        reply.answer(answer);
                    }
                }
            }
        }
        let (logs, log) = (self.logs.clone(), self.log);
        command.map(|command| -> BoxFuture<'static, Input> { Box::pin(perform(logs, log, command)) })
    }
}

/// Returns the result of the running command. Waits forever if there is none.
async fn running(command: &mut Option<BoxFuture<'static, Input>>) -> Input {
    match command {
        Some(command) => command.await,
        None => std::future::pending().await,
    }
}

/// Executes a command. Logs when the store fails it: one line now and then, since all appenders meet the same failure.
async fn perform(logs: Arc<Logs>, log: LogId, command: Command) -> Input {
    let input = carry_out(logs, log, command).await;
    let failed = match &input {
        Input::Tip(Err(error)) | Input::Missed(Err(error)) => Some(error.to_string()),
        Input::Older(Err(error)) => Some(error.to_string()),
        Input::Slot(Err(error)) => Some(error.to_string()),
        Input::Rows(Err(error)) => Some(error.to_string()),
        Input::Appended(Err(error @ (AppendError::Unavailable { .. } | AppendError::Full { .. }))) => {
            Some(error.to_string())
        }
        _ => None,
    };
    static LINE: LogThrottle = LogThrottle::new();
    if let Some(why) = failed
        && let Some(repeated) = LINE.admit(&why, std::time::Instant::now())
    {
        tracing::warn!(%log, why, repeated, "appender could not read or write its log");
    }
    input
}

async fn carry_out(logs: Arc<Logs>, log: LogId, command: Command) -> Input {
    let store = &logs.store;
    match command {
        Command::Tip => Input::Tip(in_time(store.log.tip(log)).await),
        Command::Missed { after } => missed(store, log, after).await,
        Command::Older { from, to } | Command::Slot { from, to } if from > to => {
            unreachable!("the machine never asks for an empty range")
        }
        Command::Older { from, to } => Input::Older(in_time(store.log.read_keys(log, from, to)).await),
        Command::Rows(keys) => Input::Rows(in_time(rows::read(store, log, keys)).await),
        Command::Append(prepared) => {
            let append = store.log.append(log, &prepared.after, &prepared.entries, &prepared.row_writes);
            let outcome = timeout(APPEND_DEADLINE, append).await.unwrap_or(Err(AppendError::Unknown));
            logs.note_append(&outcome, prepared.entries.len());
            Input::Appended(outcome)
        }
        Command::Slot { from, to } => {
            let read = in_time(store.log.read(log, from, to)).await;
            Input::Slot(read.and_then(|entries| without_hole(Gap::check(from, &entries), entries)))
        }
        Command::Forward(changes) => {
            let answers = match logs.forward.get() {
                Some(forward) => forward.forward(log, &changes).await,
                None => None,
            };
            logs.counts.forward(answers.as_deref());
            Input::Forwarded(answers)
        }
        Command::Wait(pause) => {
            tokio::time::sleep(pause).await;
            Input::Waited
        }
    }
}

async fn missed(store: &Store, log: LogId, after: u64) -> Input {
    let tip = match in_time(store.log.tip(log)).await {
        Ok(tip) => tip,
        Err(error) => return Input::Missed(Err(error)),
    };
    if tip.seq() <= after {
        return Input::Missed(Ok((tip, Vec::new())));
    }
    if tip.seq() - after > APPENDER_WINDOW as u64 {
        return Input::Tip(Ok(tip));
    }
    let read = in_time(store.log.read_keys(log, after + 1, tip.seq())).await;
    Input::Missed(read.map(|range| (tip, range.keys)))
}

/// Returns what was read, unless it has a hole. A hole is a failure of the store, which is logged and retried.
fn without_hole<T>(checked: Result<(), Gap>, read: T) -> StoreResult<T> {
    let hole = |gap: Gap| StoreError::Unavailable { why: format!("a read had a hole: {gap}"), retry_ms: HOLE_RETRY_MS };
    checked.map_err(hole).map(|()| read)
}

/// Treats a store that does not answer as unavailable.
async fn in_time<T>(read: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
    let late = || StoreError::Unavailable {
        why: format!("no answer within {} s", APPEND_DEADLINE.as_secs()),
        retry_ms: Duration::from_secs(1).as_millis() as u64,
    };
    timeout(APPEND_DEADLINE, read).await.unwrap_or_else(|_| Err(late()))
}

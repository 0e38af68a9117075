//! Runs other programs: shows the command, runs it and checks its result. Knows nothing about their purpose.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

/// Runs a program on this terminal. Anything but success is an error that shows the command.
pub fn run(command: &mut Command) -> Result<()> {
    let line = show(command);
    println!("xtask: {line}");
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start `{line}`"))?;
    judge(&line, status)
}

/// Runs a program quietly and returns what it wrote to standard output.
pub fn read(command: &mut Command) -> Result<String> {
    let line = show(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    judge(&line, output.status)?;
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` wrote something that is not UTF-8"))
}

/// The output of a program that was shown and kept, in order, and its exit status.
pub struct Finished {
    pub success: bool,
    pub output: String,
}

/// Runs a program on this terminal and keeps its output, whether it failed or not.
pub fn tee(command: &mut Command) -> Result<Finished> {
    let line = show(command);
    println!("xtask: {line}");
    // One pipe for both streams keeps their lines in order, which two pipes would not.
    let (reader, writer) = std::io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| format!("cannot start `{line}`"))?;
    // The command holds this process's ends of the pipe; while they are open, the reader never reaches the end.
    command.stdout(Stdio::null()).stderr(Stdio::null());

    let mut output = String::new();
    let mut reader = BufReader::new(reader);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes)? > 0 {
        let text = String::from_utf8_lossy(&bytes);
        print!("{text}");
        output.push_str(&text);
        bytes.clear();
    }
    let success = child.wait()?.success();
    Ok(Finished { success, output })
}

fn judge(line: &str, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{line}` failed: {status}");
    }
    Ok(())
}

/// Formats the command as a user would type it.
fn show(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or(&program).to_owned();
    command.get_args().fold(name, |line, argument| line + " " + &argument.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tee_keeps_both_streams_in_order() {
        let finished = tee(Command::new("sh").args(["-c", "echo one; echo two >&2; echo three; exit 3"])).unwrap();
        assert_eq!(finished.output, "one\ntwo\nthree\n");
        assert!(!finished.success);
    }

    #[test]
    fn a_failed_command_is_named_in_the_error() {
        let error = run(Command::new("sh").args(["-c", "exit 7"])).unwrap_err().to_string();
        assert!(error.contains("sh -c exit 7"), "{error}");
        assert!(error.contains('7'), "{error}");
    }

    #[test]
    fn a_missing_program_is_an_error() {
        assert!(tee(&mut Command::new("no-such-program-of-palaver")).is_err());
    }
}

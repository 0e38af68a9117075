//! What a command asks the person at the terminal.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Context, bail};

use super::command::Confirm;

/// Asks whether to go on with what cannot be undone. Refuses if there is no terminal to ask at.
pub fn confirm(how: Confirm, question: &str) -> anyhow::Result<()> {
    if how.yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        bail!("this cannot be undone: run it on a terminal, or add --yes");
    }
    eprint!("{question} [y/N] ");
    std::io::stderr().flush().context("cannot write to the terminal")?;
    match first_line()?.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => bail!("nothing was changed"),
    }
}

/// Asks for a new password without showing it, twice. Without a terminal, reads the first line of standard input: a flag
/// would be visible in the shell's history and in `ps`.
pub fn password() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        let password =
            rpassword::prompt_password("Password (it is not shown): ").context("cannot read the password")?;
        let again = rpassword::prompt_password("The same password again: ").context("cannot read the password")?;
        if password != again {
            bail!("the two passwords differ: nothing was changed");
        }
        return Ok(password);
    }
    eprintln!("Password (from standard input):");
    let line = first_line()?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!(
            "give the password on standard input, like: palaver --data /srv/palaver admin create-user ada < password.txt"
        );
    }
    Ok(password.to_owned())
}

fn first_line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("cannot read standard input")?;
    Ok(line)
}

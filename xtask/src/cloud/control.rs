//! Lets the end-to-end tests kill and restart the nodes: one line to a port of this machine, one line back.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use anyhow::{Result, bail};

use super::node::Node;

/// Listens as long as the process lives; dropping the value ends the nodes.
pub struct Control {
    address: SocketAddr,
    nodes: Arc<Mutex<Vec<Node>>>,
}

impl Control {
    /// Starts to listen.
    pub fn start(nodes: Vec<Node>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let nodes = Arc::new(Mutex::new(nodes));
        let controlled = nodes.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // A test that disconnected needs no answer.
                let _ = answer(connection, &controlled);
            }
        });
        Ok(Control { address, nodes })
    }

    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if let Ok(mut nodes) = self.nodes.lock() {
            nodes.clear();
        }
    }
}

fn answer(mut connection: TcpStream, nodes: &Mutex<Vec<Node>>) -> Result<()> {
    let mut line = String::new();
    BufReader::new(connection.try_clone()?).read_line(&mut line)?;
    let answer = match obey(line.trim(), nodes) {
        Ok(()) => "done".to_owned(),
        Err(error) => format!("{error:#}").replace('\n', " "),
    };
    Ok(writeln!(connection, "{answer}")?)
}

fn obey(order: &str, nodes: &Mutex<Vec<Node>>) -> Result<()> {
    let mut nodes = nodes.lock().expect("no holder panics");
    match order {
        "kill" => nodes.iter_mut().for_each(Node::kill),
        "start" => nodes.iter_mut().try_for_each(Node::start_again)?,
        _ => bail!("the commands are `kill` and `start`"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(address: SocketAddr, text: &str) -> String {
        let mut connection = TcpStream::connect(address).unwrap();
        writeln!(connection, "{text}").unwrap();
        let mut answer = String::new();
        BufReader::new(connection).read_line(&mut answer).unwrap();
        answer
    }

    #[test]
    fn orders_are_answered() {
        let control = Control::start(Vec::new()).unwrap();
        assert_eq!(order(control.address(), "kill"), "done\n");
        assert_eq!(order(control.address(), "start"), "done\n");
        assert!(order(control.address(), "dance").starts_with("the commands are"));
    }
}

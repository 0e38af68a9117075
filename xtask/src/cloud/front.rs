//! The common address: nginx with the configuration of `infra/nginx`, its addresses replaced by this machine's.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, bail};
use local_servers::Nginx;

use crate::workspace::Workspace;

const FOLDER: &str = "infra/nginx";
/// The line of `palaver.conf` that sets where to listen.
const LISTEN: &str = "listen 80;";

/// The servers behind each `upstream` of `upstreams.conf`.
pub struct Upstreams {
    pub sockets: Vec<SocketAddr>,
    pub page: Vec<SocketAddr>,
    pub api: Vec<SocketAddr>,
}

/// Starts nginx on `port`, in front of these servers.
pub fn start(workspace: &Workspace, port: u16, behind: &Upstreams) -> Result<Nginx> {
    let configuration = configuration(&workspace.path(FOLDER), port, behind)?;
    Ok(Nginx::start(&configuration, port))
}

fn configuration(folder: &Path, port: u16, behind: &Upstreams) -> Result<String> {
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let upstreams = upstreams(&read("upstreams.conf")?, behind)?;
    let server = replaced(&read("palaver.conf")?, LISTEN, &format!("listen 127.0.0.1:{port};"))?;
    // nginx's temporary files are in its own folder, so that it needs no other user's.
    let kept = "client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; \
                scgi_temp_path scgi;\n";
    let whole = replaced(&read("nginx.conf")?, "include upstreams.conf;", &(kept.to_owned() + &upstreams))?;
    replaced(&whole, "include palaver.conf;", &server)
}

/// Returns the same upstreams with other servers, which keep the settings of the first server of each.
fn upstreams(text: &str, behind: &Upstreams) -> Result<String> {
    let mut servers: &[SocketAddr] = &[];
    let mut written = false;
    let mut result = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("upstream ") {
            servers = match name.trim_end_matches([' ', '{']) {
                "palaver_sockets" => &behind.sockets,
                "palaver_page" => &behind.page,
                "palaver_api" => &behind.api,
                other => bail!("unknown upstream {other}"),
            };
            written = false;
        }
        let Some(rest) = line.trim_start().strip_prefix("server ") else {
            result.push_str(line);
            result.push('\n');
            continue;
        };
        let settings = rest.split_once(' ').map_or(";", |(_, settings)| settings);
        if !written {
            servers.iter().for_each(|server| result.push_str(&format!("    server {server} {settings}\n")));
            written = true;
        }
    }
    Ok(result)
}

fn replaced(text: &str, what: &str, with: &str) -> Result<String> {
    if text.matches(what).count() != 1 {
        bail!("nginx's configuration has no single `{what}`");
    }
    Ok(text.replacen(what, with, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(sockets: &[u16], page: &[u16], api: &[u16]) -> Upstreams {
        let addresses = |ports: &[u16]| ports.iter().map(|port| SocketAddr::from(([127, 0, 0, 1], *port))).collect();
        Upstreams { sockets: addresses(sockets), page: addresses(page), api: addresses(api) }
    }

    #[test]
    fn nginx_accepts_the_shipped_configuration() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(FOLDER);
        let port = local_servers::free_port();
        let text = configuration(&folder, port, &behind(&[1, 2], &[1, 2], &[3])).unwrap();
        assert!(text.contains("server 127.0.0.1:2 max_fails"), "{text}");
        // If it starts, every directive is valid; no server is behind it.
        let _nginx = Nginx::start(&text, port);
        assert_eq!(local_servers::http_status(port, "/"), Some(502));
    }

    #[test]
    fn each_upstream_gets_its_servers_once() {
        let text = "upstream palaver_page {\n    server a max_fails=1;\n    server b max_fails=1;\n}\nupstream palaver_api {\n    server c;\n}\n";
        assert_eq!(
            upstreams(text, &behind(&[4], &[1, 2], &[3])).unwrap(),
            "upstream palaver_page {\n    server 127.0.0.1:1 max_fails=1;\n    server 127.0.0.1:2 max_fails=1;\n}\nupstream palaver_api {\n    server 127.0.0.1:3 ;\n}\n"
        );
    }
}

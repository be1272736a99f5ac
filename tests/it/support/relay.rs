//! A proxy that takes `http://us-central1-run.fake/…` to the address where the embedded cloud answers for Cloud Run: for
//! tools that put the region into the host's name, which an address of loopback has no room for.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;

/// Where the relay listens.
pub struct Relay {
    /// Its port on loopback.
    pub port: u16,
}

impl Relay {
    /// Relays to these APIs, by name; it ends with the process.
    pub fn to(addresses: Vec<(String, String)>) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let addresses = Arc::new(addresses);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let addresses = Arc::clone(&addresses);
                // A caller that hangs up has got what it wanted.
                std::thread::spawn(move || relay(stream, &addresses).ok());
            }
        });
        Relay { port }
    }
}

/// One request and its answer; whoever wants more asks again, and whoever asks for another host gets nothing.
fn relay(mut caller: TcpStream, addresses: &[(String, String)]) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        caller.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.split(' ').nth(1).unwrap_or_default();
    let host = target.trim_start_matches("http://").split('/').next().unwrap_or_default();
    let name = host.trim_end_matches(".fake");
    let meant = addresses.iter().find(|(api, _)| name == api || name.ends_with(&format!("-{api}")));
    let Some((_, address)) = meant else { return Ok(()) };
    let mut cloud = TcpStream::connect(address.trim_start_matches("http://"))?;
    let mut lines: Vec<&str> = head.split("\r\n").collect();
    lines.retain(|line| !line.to_lowercase().starts_with("connection:"));
    lines.insert(1, "Connection: close");
    cloud.write_all(lines.join("\r\n").as_bytes())?;
    let (mut from, mut to) = (caller.try_clone()?, cloud.try_clone()?);
    std::thread::spawn(move || io::copy(&mut from, &mut to).ok());
    io::copy(&mut cloud, &mut caller)?;
    caller.shutdown(Shutdown::Both)
}

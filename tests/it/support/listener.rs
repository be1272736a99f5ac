//! Small servers that are not Google: a proxy, a GitHub, a TLS front. Plain threads, one connection each.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A server that answers every request with what `answer` makes of its head.
pub struct Listener {
    address: std::net::SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    /// Starts one on loopback.
    pub fn start(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&heads);
        let address = serve(move |mut stream| {
            let head = head(&mut stream);
            // An answer first and the note after: a note is proof that the request arrived whole.
            kept.lock().unwrap().push(head.clone());
            let _gone = stream.write_all(answer(&head).as_bytes());
        });
        Self { address, heads }
    }

    /// Its address, as `http://…`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of the requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// A TLS server with a certificate of its own authority, which hands everything on to `to`.
/// Gives its port and the authority's certificate as PEM.
pub fn tls_front(to: std::net::SocketAddr) -> (u16, String) {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pem = cert.pem();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let address = serve(move |stream| {
        let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut outside = rustls::StreamOwned::new(connection, stream);
        // One request a connection, so that neither side has to be watched while the other speaks.
        let Some(request) = request(&mut outside) else { return };
        let mut inside = TcpStream::connect(to).unwrap();
        inside.write_all(&request).unwrap();
        let mut answer = Vec::new();
        inside.read_to_end(&mut answer).unwrap();
        let _gone = outside.write_all(&answer);
        outside.conn.send_close_notify();
        let _gone = outside.flush();
    });
    (address.port(), pem)
}

fn serve(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let handle = Arc::new(handle);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let handle = Arc::clone(&handle);
            std::thread::spawn(move || handle(stream));
        }
    });
    address
}

fn head(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        bytes.push(byte[0]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A whole request, asking for the connection to be closed behind it.
fn request(stream: &mut impl Read) -> Option<Vec<u8>> {
    let head = head(stream);
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length:").map(|text| text.trim().parse().unwrap())
        })
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    let (first, rest) = head.split_once("\r\n")?;
    Some([format!("{first}\r\nconnection: close\r\n{rest}").into_bytes(), body].concat())
}

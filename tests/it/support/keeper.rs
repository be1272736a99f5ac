//! Keeps Knative's documents of jobs and worker pools: whoever asks gets what was written, with what Google adds. It is no
//! fake of Cloud Run, and changes nothing, so that what a tool wrote is seen as it was written.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// What is kept, by the end of its address: `jobs/nightly`.
type Kept = Arc<Mutex<BTreeMap<String, Value>>>;

/// Who keeps them.
pub struct Keeper {
    /// Where it is asked.
    pub address: String,
    kept: Kept,
}

impl Keeper {
    /// One that has nothing yet; it ends with the process.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let kept = Kept::default();
        let own = Arc::clone(&kept);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A caller that hangs up has got what it wanted.
                let _gone = answer(stream, &own);
            }
        });
        Self { address, kept }
    }

    /// What was written last.
    pub fn document(&self, name: &str) -> Value {
        self.kept.lock().unwrap()[name].clone()
    }
}

fn answer(stream: TcpStream, kept: &Kept) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let length = head.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let target = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let end = path.split("/namespaces/").nth(1).and_then(|rest| rest.split_once('/')).map_or("", |(_, end)| end);
    let (status, document) = match serde_json::from_slice::<Value>(&body) {
        Ok(mut document) => {
            let name = document["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            let metadata = &mut document["metadata"];
            for (field, value) in [("uid", json!("u")), ("resourceVersion", json!("v")), ("generation", json!(1))] {
                metadata[field] = value;
            }
            metadata["labels"]["cloud.googleapis.com/location"] = "us-central1".into();
            metadata["annotations"]["run.googleapis.com/creator"] = "me".into();
            metadata["annotations"]["run.googleapis.com/lastModifier"] = "me".into();
            document["status"] = json!({"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]});
            let collection = end.split('/').next().unwrap_or_default();
            kept.lock().unwrap().insert(format!("{collection}/{name}"), document.clone());
            ("200 OK", document)
        }
        Err(_) => match kept.lock().unwrap().get(end) {
            Some(document) => ("200 OK", document.clone()),
            None => {
                let error = json!({"code": 404, "message": "Not found", "status": "NOT_FOUND"});
                ("404 Not Found", json!({ "error": error }))
            }
        },
    };
    let text = document.to_string();
    let mut stream = stream;
    let length = text.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    )
}

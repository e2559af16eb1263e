//! Paths that a server may read as another one: with empty or dot segments,
//! percent-encoded letters, or parameters of a segment.

use percent_encoding::percent_decode_str;

/// `path` as a server may take it that merges slashes, resolves dots, decodes
/// and drops parameters; none if it is plain.
#[cold]
pub(super) fn resolved(path: &str) -> Option<String> {
    let odd = path.contains("//")
        || path.contains("/.")
        || path.bytes().any(|byte| matches!(byte, b'%' | b';' | b'\\'));
    if !odd {
        return None;
    }
    let decoded = percent_decode_str(path).decode_utf8_lossy().replace('\\', "/");
    let mut segments = Vec::new();
    for segment in decoded.split('/') {
        match segment.split(';').next().unwrap_or_default() {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    Some(format!("/{}", segments.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_path_is_left_alone() {
        for path in ["/", "", "/api/coding/paas/v4", "/v1/models/glm-4.6"] {
            assert_eq!(resolved(path), None, "{path}");
        }
    }

    #[test]
    fn an_odd_path_is_taken_as_a_lenient_server_takes_it() {
        for (path, expected) in [
            ("//api/coding", "/api/coding"),
            ("/api//coding/", "/api/coding"),
            ("/api/./coding", "/api/coding"),
            ("/api/paas/../coding", "/api/coding"),
            ("/../api", "/api"),
            ("/api/%63oding", "/api/coding"),
            ("/api%2Fcoding", "/api/coding"),
            ("/api/x/%2e%2E/coding", "/api/coding"),
            ("/api/x/..;/coding;v=1/v4", "/api/coding/v4"),
            ("/api/\\coding", "/api/coding"),
            ("/%", "/%"),
            ("/%zz%4", "/%zz%4"),
            ("/%ff", "/\u{fffd}"),
        ] {
            assert_eq!(resolved(path).as_deref(), Some(expected), "{path}");
        }
    }
}

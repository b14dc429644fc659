//! A user: a real client, with its loop, on a host of its own. A scene types for it and reads what it shows.

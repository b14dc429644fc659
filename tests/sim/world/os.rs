//! What only some systems have. The world is like Unix.

/// Unix.
pub mod unix {
    /// Files.
    pub mod fs {
        use crate::fs::{Metadata, OpenOptions};

        /// What Unix knows of a file.
        pub trait MetadataExt {
            /// The number of its disk.
            fn dev(&self) -> u64;
            /// Its number on that disk.
            fn ino(&self) -> u64;
            /// How many names it has.
            fn nlink(&self) -> u64;
        }

        impl MetadataExt for Metadata {
            fn dev(&self) -> u64 {
                1
            }

            fn ino(&self) -> u64 {
                self.number()
            }

            fn nlink(&self) -> u64 {
                self.names()
            }
        }

        /// How Unix opens a file.
        pub trait OpenOptionsExt {
            /// Who may use the file. Nobody is kept out here.
            fn mode(&mut self, mode: u32) -> &mut Self;
        }

        impl OpenOptionsExt for OpenOptions {
            fn mode(&mut self, _: u32) -> &mut OpenOptions {
                self
            }
        }
    }
}

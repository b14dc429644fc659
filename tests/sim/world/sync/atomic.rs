//! Atomics: those of the system, with a turn before each access. One thread runs at a time, so every order is the
//! strongest one here: what a weaker order would let happen is not simulated.

use crate::turns::point;

pub use std::sync::atomic::Ordering;

/// The accesses that all atomics have.
macro_rules! atomic {
    ($name:ident, $value:ty) => {
        #[doc = concat!("A `", stringify!($value), "` that threads share.")]
        #[derive(Debug, Default)]
        pub struct $name(std::sync::atomic::$name);

        impl $name {
            /// A value that threads share.
            pub const fn new(value: $value) -> $name {
                $name(std::sync::atomic::$name::new(value))
            }

            /// Reads it.
            pub fn load(&self, _: Ordering) -> $value {
                point();
                self.0.load(Ordering::SeqCst)
            }

            /// Writes it.
            pub fn store(&self, value: $value, _: Ordering) {
                point();
                self.0.store(value, Ordering::SeqCst);
            }

            /// Writes it, and returns what it was.
            pub fn swap(&self, value: $value, _: Ordering) -> $value {
                point();
                self.0.swap(value, Ordering::SeqCst)
            }

            /// Writes it if it is `current`.
            ///
            /// # Errors
            /// What it is, if that is something else.
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                _: Ordering,
                _: Ordering,
            ) -> Result<$value, $value> {
                point();
                self.0.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst)
            }
        }
    };
}

/// The accesses that numbers have, too.
macro_rules! number {
    ($name:ident, $value:ty) => {
        atomic!($name, $value);

        impl $name {
            /// Adds to it, and returns what it was.
            pub fn fetch_add(&self, value: $value, _: Ordering) -> $value {
                point();
                self.0.fetch_add(value, Ordering::SeqCst)
            }

            /// Takes from it, and returns what it was.
            pub fn fetch_sub(&self, value: $value, _: Ordering) -> $value {
                point();
                self.0.fetch_sub(value, Ordering::SeqCst)
            }

            /// Raises it to `value`, and returns what it was.
            pub fn fetch_max(&self, value: $value, _: Ordering) -> $value {
                point();
                self.0.fetch_max(value, Ordering::SeqCst)
            }
        }
    };
}

atomic!(AtomicBool, bool);
number!(AtomicI32, i32);
number!(AtomicU16, u16);
number!(AtomicU32, u32);
number!(AtomicU64, u64);
number!(AtomicUsize, usize);

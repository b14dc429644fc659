//! The tools of the course: what measures the product and what makes the student's tree. The product itself
//! ([`wire`](crate::wire), [`server`](crate::server), [`client`](crate::client)) uses none of them.

pub mod chart;
pub mod load;
pub mod parts;
pub mod handout;

//! What else a setting takes away: nothing, or what is said before it happens.

mod all;
mod base_images;
mod damage;
mod full;
mod table;
mod tags;

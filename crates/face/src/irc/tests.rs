//! Tests of the IRC face.

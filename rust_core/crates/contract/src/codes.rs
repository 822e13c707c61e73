//! The one table of error codes in V2.

macro_rules! codes {
    ($($name:ident = $value:literal),+ $(,)?) => {
        $(#[doc = concat!("Error code ", stringify!($value), ".")] pub const $name: u16 = $value;)+

        /// Every code with its name, in ascending order.
        pub const TABLE: &[(&str, u16)] = &[$((stringify!($name), $value)),+];
    };
}

codes! {
    OK = 0,
    VALIDATION_FAILED = 1000,
    INVALID_ARGUMENT = 1001,
    NULL_POINTER = 1002,
    OUT_OF_BOUNDS = 1003,
    TYPE_MISMATCH = 1004,
    SCHEMA_VIOLATION = 1005,
    CONSTRAINT_VIOLATION = 1006,
    INVALID_STATE = 1007,
    MISSING_REQUIRED_FIELD = 1008,
    INVALID_FORMAT = 1009,
    EMPTY_INPUT = 1010,
    SIZE_MISMATCH = 1011,
    COMPUTATION_FAILED = 2000,
    DIVISION_BY_ZERO = 2001,
    OVERFLOW = 2002,
    UNDERFLOW = 2003,
    NAN_RESULT = 2004,
    INF_RESULT = 2005,
    CONVERGENCE_FAILED = 2006,
    NUMERICAL_INSTABILITY = 2007,
    INSUFFICIENT_DATA = 2008,
    IO_ERROR = 3000,
    FILE_NOT_FOUND = 3001,
    PERMISSION_DENIED = 3002,
    SERIALIZATION_FAILED = 3003,
    DESERIALIZATION_FAILED = 3004,
    NETWORK_ERROR = 3005,
    TIMEOUT = 3006,
    DISK_FULL = 3007,
    INTERNAL_ERROR = 4000,
    NOT_IMPLEMENTED = 4001,
    ASSERTION_FAILED = 4002,
    UNREACHABLE = 4003,
    INVARIANT_VIOLATED = 4004,
    FFI_ERROR = 5000,
    FFI_TYPE_CONVERSION = 5001,
    FFI_BUFFER_OVERFLOW = 5002,
    FFI_MEMORY_ERROR = 5003,
    FFI_SCHEMA_MISMATCH = 5004,
    FFI_PANIC_CAUGHT = 5005,
    RESOURCE_ERROR = 6000,
    OUT_OF_MEMORY = 6001,
    RESOURCE_EXHAUSTED = 6002,
    RESOURCE_BUSY = 6003,
    RESOURCE_LIMIT_EXCEEDED = 6004,
}

/// Name of a code; unknown numbers are internal errors.
pub fn name(code: u16) -> &'static str {
    TABLE.iter().find(|(_, value)| *value == code).map_or("INTERNAL_ERROR", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_and_have_names() {
        assert!(TABLE.len() > 40);
        assert!(TABLE.windows(2).all(|pair| pair[0].1 < pair[1].1));
        assert_eq!(name(1005), "SCHEMA_VIOLATION");
    }
}

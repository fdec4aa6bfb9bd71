extension ContinuousClock.Instant {
    /// The clock's instant for a session's moment, which counts from the system's start.
    package static func at(_ moment: Duration) -> ContinuousClock.Instant {
        ContinuousClock().systemEpoch.advanced(by: moment)
    }

    /// The instant as a session's moment, counted from the system's start.
    package var moment: Duration {
        ContinuousClock().systemEpoch.duration(to: self)
    }
}

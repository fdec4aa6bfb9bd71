extension ContinuousClock.Instant {
    /// The clock's instant for a moment of a session. Sessions count time from the system's start.
    package static func at(_ moment: Duration) -> ContinuousClock.Instant {
        ContinuousClock().systemEpoch.advanced(by: moment)
    }

    /// This instant as a moment of a session: the time since the system's start.
    package var moment: Duration {
        ContinuousClock().systemEpoch.duration(to: self)
    }
}

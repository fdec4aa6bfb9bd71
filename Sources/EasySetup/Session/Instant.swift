extension ContinuousClock.Instant {
    /// The moment of a session's clock, which counts from the system's start.
    static func at(_ moment: Duration) -> ContinuousClock.Instant {
        ContinuousClock().systemEpoch.advanced(by: moment)
    }

    /// The moment as a session counts it.
    var moment: Duration {
        ContinuousClock().systemEpoch.duration(to: self)
    }
}

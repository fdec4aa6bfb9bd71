import Testing

@testable import EasySetupRelay

@Suite("The relay's random numbers") struct SystemEntropyTests {
    @Test("Numbers of several requests, and those of two generators, are all different") func differ() {
        var (one, other) = (SystemEntropy(), SystemEntropy())
        let numbers = (0..<200).flatMap { _ in [one.next(), other.next()] }
        #expect(Set(numbers).count == numbers.count)
        // Each bit is one about half of the time; one in 2^100 of such lists has a bit that never is.
        #expect(numbers.reduce(0, |) == .max)
        #expect(numbers.reduce(.max, &) == 0)
    }
}

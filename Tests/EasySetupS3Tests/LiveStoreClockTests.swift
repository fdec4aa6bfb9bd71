import EasySetupChain
import TestSupport
import Testing

@testable import EasySetupS3

/// Sessions of a real store until their ends, and beyond. The tests move the store's clock, so nothing else may use the
/// store meanwhile: `scripts/stores` runs them by themselves.
@Suite(
    "A real store's clock",
    .enabled(if: LiveStore.clock != nil, "scripts/stores starts a store whose clock a test can move"),
    .serialized
)
struct LiveStoreClockTests {
    private static let hours = 3_600

    /// A session of the longest time that a role of the store has, 12 hours. The device's own clock does not move, so the
    /// device also learns the store's time anew in each step.
    @Test("A session of 12 hours is good to its last minute and refused after it; the device goes on with the next one")
    func expiry() async throws {
        defer { try? LiveStore.setClock(lead: 0) }
        try LiveStore.setClock(lead: 0)
        var user = try await StoreUser()
        let good = try await user.credentials(seconds: 12 * Self.hours)
        let source = ListedCredentials([good])
        // A device otherwise renews its credentials some minutes before their end.
        var limits = S3Limits()
        limits.renewalMargin = .seconds(1)
        let store = S3Store(
            user.address,
            credentials: source,
            carrier: CountingCarrier(user.address),
            times: .system,
            limits: limits
        )
        let first = user.name(time: 1_764_453_600_000)
        _ = try await store.put(first)
        #expect(try await user.names(store) == [first])

        user.lead = 12 * Self.hours - 60
        try LiveStore.setClock(lead: user.lead)
        let second = user.name(time: 1_764_453_600_001)
        _ = try await store.put(second)
        #expect(try await user.names(store) == [first, second])
        #expect(source.count == 1)

        user.lead = 12 * Self.hours + 60
        try LiveStore.setClock(lead: user.lead)
        // Without other credentials the session's end is an error of the device.
        let error = await #expect(throws: ObjectStoreError.self) { _ = try await user.names(user.store(good)) }
        #expect(error?.code == .denied)
        // The form ends with its session.
        await #expect(throws: ObjectStoreError.self) {
            _ = try await user.store(good).put(user.name(time: 1_764_453_600_002))
        }
        let renewed = ListedCredentials([good, try await user.credentials(seconds: 12 * Self.hours)])
        let next = user.store(renewed)
        #expect(try await user.names(next) == [first, second])
        #expect(renewed.count == 2)
        let third = user.name(time: 1_764_453_600_003)
        _ = try await next.put(third)
        #expect(renewed.count == 2)
        _ = try await next.delete([first, second, third])
        #expect(try await user.names(next).isEmpty)
    }
}

import CredentialsCore
import EasySetupRelayCore
import EasySetupSeed
import Testing

@Suite("Registration")
struct RegistrationTests {
    private let device = Asker.device(
        DeviceRights(device: Array(0..<8), signingKey: user, collections: [], notAfter: 0)
    )

    private func decide(
        _ asker: Asker = .seed,
        _ account: Account? = nil,
        isRevoked: Bool = false,
        registration: Registration = .open,
        hasInvitation: Bool = false
    ) -> Result<AccountDecision, Refusal> {
        do throws(Refusal) {
            return .success(
                try AccountDecision.decide(
                    asker,
                    account: account,
                    isRevoked: isRevoked,
                    registration: registration,
                    hasInvitation: hasInvitation
                )
            )
        } catch {
            return .failure(error)
        }
    }

    @Test("A chain that is not known registers as the setting says")
    func new() {
        #expect(decide() == .success(.register(usesInvitation: false)))
        #expect(decide(hasInvitation: true) == .success(.register(usesInvitation: false)))
        #expect(decide(registration: .closed, hasInvitation: true) == .failure(Refusal(.registrationClosed)))
        #expect(decide(registration: .invitation) == .failure(Refusal(.invitationNeeded)))
        #expect(
            decide(registration: .invitation, hasInvitation: true) == .success(.register(usesInvitation: true))
        )
    }

    @Test("A known chain goes on whatever the setting is now", arguments: Registration.allCases)
    func known(registration: Registration) {
        let account = Account(node: "n1")
        #expect(decide(.seed, account, registration: registration) == .success(.known(account)))
        #expect(decide(device, account, registration: registration) == .success(.known(account)))
    }

    @Test("A device without the seed registers no chain")
    func deviceAlone() {
        #expect(decide(device) == .failure(Refusal(.unknownChain)))
    }

    @Test("A revoked device is refused, and a device with the seed can't be")
    func revoked() {
        #expect(decide(device, Account(node: "n1"), isRevoked: true) == .failure(Refusal(.deviceRevoked)))
        #expect(decide(.seed, Account(node: "n1"), isRevoked: true) == .success(.known(Account(node: "n1"))))
    }

    @Test("Each device of a deleted account hears that it was deleted, and nobody registers it anew")
    func deleted() {
        let account = Account(node: "n1", isDeleted: true)
        #expect(decide(.seed, account) == .failure(Refusal(.accountDeleted)))
        #expect(decide(device, account, isRevoked: true) == .failure(Refusal(.accountDeleted)))
    }
}

@Suite("Rates")
struct RatesTests {
    @Test("A key has its limit in each period")
    func limit() {
        var rates = Rates<Int>(period: 60, keys: 10)
        for _ in 0..<3 { #expect(rates.take(1, limit: 3, now: 1_000) == nil) }
        #expect(rates.take(1, limit: 3, now: 1_010) == 50)
        #expect(rates.take(2, limit: 3, now: 1_010) == nil)
        #expect(rates.take(1, limit: 3, now: 1_059) == 1)
        #expect(rates.take(1, limit: 3, now: 1_060) == nil)
    }

    @Test("A clock that was set back begins a new period")
    func clock() {
        var rates = Rates<Int>(period: 60, keys: 10)
        #expect(rates.take(1, limit: 1, now: 1_000) == nil)
        #expect(rates.take(1, limit: 1, now: 1_000) == 60)
        #expect(rates.take(1, limit: 1, now: 10) == nil)
    }

    @Test("A crowd of keys grows no table, and those that are counted keep their limits")
    func crowd() {
        var rates = Rates<Int>(period: 60, keys: 10)
        var taken = 0
        for key in 0..<10_000 where rates.take(key, limit: 2, now: 5) == nil { taken += 1 }
        #expect(taken == 10 + 2 * 64)
        #expect(rates.take(3, limit: 2, now: 5) == nil)
        #expect(rates.take(3, limit: 2, now: 5) != nil)
    }

    @Test("A device without the seed has a limit of its own, and holds up neither another one nor those with the seed")
    func askers() {
        let limits = ServiceLimits()
        var rates = AskerRates(keys: 100)
        func device(_ id: UInt8) -> Asker {
            .device(DeviceRights(device: [id], signingKey: user, collections: [], notAfter: 0))
        }
        func taken(_ asker: Asker) -> Int {
            (0..<1_000).count { _ in rates.take(asker, of: user, limits, now: 5) == nil }
        }
        #expect(taken(device(1)) == limits.requestsPerDevice)
        #expect(taken(device(2)) == limits.requestsPerDevice)
        #expect(taken(.seed) == limits.requestsPerUser)
        // Many devices have no more together than the chain.
        let others = (UInt8(3)...50).reduce(0) { $0 + taken(device($1)) }
        #expect(others == limits.requestsPerUser - 2 * limits.requestsPerDevice)
        #expect(rates.take(device(1), of: user, limits, now: 5) == 60)
        #expect(rates.take(device(1), of: user, limits, now: 65) == nil)
    }

    @Test("A block of addresses has eight times the limit of one, and one address cannot use up more than its own")
    func blocks() throws {
        var rates = Rates<AddressPrefix>(period: 60, keys: 1_000)
        var taken = 0
        for host in UInt8(0)..<20 {
            let prefix = try #require(AddressPrefix(bytes: [192, 0, 2, host]))
            for _ in 0..<5 where rates.take(nested: prefix, limit: 2, now: 5) == nil { taken += 1 }
        }
        #expect(taken == 16)
        let other = try #require(AddressPrefix(bytes: [192, 0, 3, 1]))
        #expect(rates.take(nested: other, limit: 2, now: 5) == nil)
    }
}

import EasySetupChain
import Testing

@Suite("Stamps of writes")
struct StampTests {
    @Test("A stamp is ordered by its generation, then its time, then its writer")
    func order() {
        let first = Stamp(generation: 1, time: 900, writer: DeviceID(value: 9))
        let second = Stamp(generation: 2, time: 100, writer: DeviceID(value: 1))
        let third = Stamp(generation: 2, time: 100, writer: DeviceID(value: 2))
        let fourth = Stamp(generation: 2, time: 101, writer: DeviceID(value: 0))
        #expect([fourth, second, third, first].sorted() == [first, second, third, fourth])
    }

    @Test("Device ids that are drawn differ")
    func devices() {
        #expect(Set((0..<100).map { _ in DeviceID.random() }).count == 100)
    }
}

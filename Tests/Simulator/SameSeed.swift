import EasySetupPairingSession
import EasySetupSeed

// The laws about devices that hold a seed each: the same one, or two.

extension World {
    /// Checks the laws about an act that is over. Devices with the same seed ask nobody, give and store nothing. Only
    /// devices with the same seed are told that they are paired already.
    func judgeSameSeed(_ act: Act, of device: Device) {
        guard device.user.habits.sameSeed else {
            if act.outcome == .failed(.alreadyPaired) {
                breach(.agreement, "\(device.name) is told that it is paired with a device that has another seed")
            }
            return
        }
        if act.isQuestioned || act.wasAsked { breach(.seed, "\(device.name) asks about a seed that both devices hold") }
        if act.givenAt != nil || act.stored != nil {
            breach(.seed, "\(device.name) moves a seed that both devices hold")
        }
        if act.outcome == .paired || act.outcome == .failed(.bothHold) {
            breach(.agreement, "\(device.name) is not told that both devices hold the same seed")
        }
    }

    /// Checks the laws about two devices with the same seed when the world has ended.
    func judgeSameSeed(_ user: User) {
        let devices = [user.offerer, user.visitor]
        if let first = user.offerer.seed, user.visitor.seed?.isSame(as: first) != true {
            breach(.seed, "user \(user.number) has two seeds now")
        }
        guard isFair else { return }
        let told = devices.filter { $0.acts.contains { $0.outcome == .failed(.alreadyPaired) } }
        if told.isEmpty { breach(.finish, "user \(user.number) never learned that both devices hold the same seed") }
        // A user who was told on one device stops the other one after a while, which may have been away until then. That
        // other one may also have come back to a relay that had forgotten the pairing by then.
        for device in devices where !told.contains(where: { $0 === device }) {
            guard let act = device.acts.last, let outcome = act.outcome else { continue }
            if case .failed(let error) = outcome, may(device, act, failWith: error) { continue }
            breach(.finish, "\(device.name) is told \(outcome), and not that both devices hold the same seed")
        }
    }
}

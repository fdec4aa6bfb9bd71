/// How the objects of a chain stand to its quota (`Protocol/credentials.md`, "The quota").
///
/// A device without the seed can fill a chain. To shut it out, and to make the objects fewer, a device with the seed has to
/// write; so a part of the room is for such devices alone, and where that is used up, too, some minutes now and then.
package enum Quota: Hashable, Sendable {
    /// The chain has no more objects than it may.
    case kept
    /// It has at most a tenth more.
    case reserve
    /// It has more than that.
    case exceeded

    /// - Parameters:
    ///   - objects: how many objects the chain has.
    ///   - most: how many it may have.
    package init(objects: Int, most: Int) {
        self = objects <= most ? .kept : objects <= Self.reserve(of: most) ? .reserve : .exceeded
    }

    /// How many objects a chain may have before devices with the seed get no forms, either.
    package static func reserve(of most: Int) -> Int { most + most / 10 }

    /// Whether a device gets forms.
    /// - Parameter cleans: whether the chain has some minutes to clean up. It is asked only where that decides.
    package func givesForms(to asker: Asker, cleans: () -> Bool) -> Bool {
        switch (self, asker) {
        case (.kept, _), (.reserve, .seed): true
        case (.reserve, .device), (.exceeded, .device): false
        case (.exceeded, .seed): cleans()
        }
    }
}

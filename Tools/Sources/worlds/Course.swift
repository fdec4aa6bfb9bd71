import Simulator

/// The events of a world, for comparison.
final class Course {
    private var digest = Hasher()
    private let world: World

    init(of world: World) {
        self.world = world
        world.tracer = { [unowned self] time, what in
            digest.combine(time)
            digest.combine(what)
        }
    }

    private var value: Int { digest.finalize() }

    /// Whether another world with the same seed has the same run as this one.
    func isTaken(again other: World) -> Bool {
        let course = Course(of: other)
        other.run()
        return course.value == value
    }
}

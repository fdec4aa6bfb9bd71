/// A node: a bucket at a store, with places for chains.
package struct Node: Hashable, Sendable {
    /// The name that the operator gave it.
    package let name: String
    /// How many chains it may have.
    package var capacity: Int
    /// How many chains it has.
    package var load: Int
    /// How many of its free places are released.
    package var available: Int
    /// Whether it does not run. It gets no new chains, and no places of it are released.
    package var isDowned: Bool
    /// Whether it has too much to do. It gets no new chains.
    package var isBackedOff: Bool

    /// Makes a node. A new node has as many places released as one round releases.
    package init(
        name: String,
        capacity: Int,
        load: Int = 0,
        available: Int? = nil,
        isDowned: Bool = false,
        isBackedOff: Bool = false
    ) {
        self.name = name
        self.capacity = capacity
        self.load = load
        self.available = available ?? NodeAssignment.released(capacity, NodeAssignment.usualRate)
        self.isDowned = isDowned
        self.isBackedOff = isBackedOff
    }
}

/// Chooses the node of a new chain: the least loaded of those with released places. When there are none, a part of each
/// node's capacity is released, so that a new node does not get all new chains at once.
///
/// The rules are those of an earlier service of this kind, and so are its tests. Two differences: a node's load is
/// compared as load by capacity, exactly; and the store makes the choice and its book-keeping one transaction.
package enum NodeAssignment {
    /// The part of a node's capacity that is released at once.
    package static let usualRate = 0.1

    static func released(_ capacity: Int, _ rate: Double) -> Int {
        max(0, Int((Double(capacity) * rate).rounded(.up)))
    }

    /// Takes a place at a node, and keeps the books. Returns the index of the node; nil, with nothing changed, when no
    /// node has a place.
    package static func assign(_ nodes: inout [Node], rate: Double = usualRate) -> Int? {
        if let index = best(nodes) { return take(index, &nodes) }
        var released = nodes
        for index in released.indices {
            let node = released[index]
            guard node.available <= 0, node.capacity > node.load, !node.isDowned else { continue }
            released[index].available = min(self.released(node.capacity, rate), node.capacity - node.load)
        }
        // Released places may be those of nodes that are backed off, and then they wait there.
        guard let index = best(released) else { return nil }
        nodes = released
        return take(index, &nodes)
    }

    /// Gives a place back, when a chain leaves the node.
    package static func release(_ node: inout Node) {
        node.load = max(0, node.load - 1)
        node.available = min(node.available + 1, max(0, node.capacity - node.load))
    }

    private static func take(_ index: Int, _ nodes: inout [Node]) -> Int {
        nodes[index].load += 1
        nodes[index].available = max(0, nodes[index].available - 1)
        return index
    }

    private static func best(_ nodes: [Node]) -> Int? {
        nodes.indices.filter { index in
            let node = nodes[index]
            return node.available > 0 && node.capacity > node.load && !node.isDowned && !node.isBackedOff
        }.min { left, right in
            // Both sides of the comparison of two fractions, exactly, and in any size.
            let (a, b) = (nodes[left], nodes[right])
            let ours = a.load.multipliedFullWidth(by: b.capacity)
            let theirs = b.load.multipliedFullWidth(by: a.capacity)
            return (ours.high, ours.low) < (theirs.high, theirs.low)
        }
    }
}

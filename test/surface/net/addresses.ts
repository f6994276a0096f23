/** Checks of net's addresses and lists of them. */
import net from "node:net";
import { member, thrown, type Check } from "../check.ts";

export function addressChecks(): Record<string, Check> {
  return { ...blockLists(), ...socketAddresses() };
}

function filled(): net.BlockList {
  const list = new net.BlockList();
  list.addAddress("1.2.3.4");
  list.addRange("10.0.0.1", "10.0.0.9");
  list.addSubnet("fd00::", 8, "ipv6");
  return list;
}

function blockLists(): Record<string, Check> {
  const asked = (list: net.BlockList) => [
    list.check("1.2.3.4"),
    list.check("10.0.0.5"),
    list.check("10.0.1.5"),
    list.check("fd00::1", "ipv6"),
    list.check("::ffff:1.2.3.4", "ipv6"),
  ];
  const changed = (name: string, ...args: unknown[]) => {
    const list = filled();
    member(list, name)(...args);
    return [list.rules, asked(list)];
  };
  return {
    BlockList: () => asked(filled()),
    "BlockList#addAddress": () => [
      changed("addAddress", "9.9.9.9"),
      changed("addAddress", "::2", "ipv6"),
      thrown(() => filled().addAddress("no address")),
    ],
    "BlockList#addAddresses": () =>
      changed("addAddresses", ["8.8.8.8", "9.9.9.9"]),
    "BlockList#addRange": () => [
      changed("addRange", "10.0.1.0", "10.0.1.9"),
      thrown(() => filled().addRange("2.0.0.0", "1.0.0.0")),
    ],
    "BlockList#addSubnet": () => [
      changed("addSubnet", "10.0.0.0", 8),
      thrown(() => filled().addSubnet("10.0.0.0", 99)),
    ],
    "BlockList#addCIDR": () => changed("addCIDR", "10.0.0.0/8"),
    "BlockList#addCIDRs": () => changed("addCIDRs", ["10.0.0.0/8", "::/64"]),
    "BlockList#removeAddress": () => changed("removeAddress", "1.2.3.4"),
    "BlockList#removeRange": () =>
      changed("removeRange", "10.0.0.1", "10.0.0.9"),
    "BlockList#removeSubnet": () =>
      changed("removeSubnet", "fd00::", 8, "ipv6"),
    "BlockList#removeCIDR": () => changed("removeCIDR", "fd00::/8"),
    "BlockList#check": () => [
      asked(filled()),
      filled().check(new net.SocketAddress({ address: "1.2.3.4" })),
      filled().check("nonsense"),
    ],
    "BlockList#clear": () => changed("clear"),
    "BlockList#toJSON": () => JSON.stringify(filled()),
    "BlockList#fromJSON": () => {
      const list = new net.BlockList();
      member(list, "fromJSON")(["Subnet: IPv4 192.168.0.0/16"]);
      return list.rules;
    },
    "BlockList#rules": () => filled().rules,
    "BlockList#size": () => Reflect.get(filled(), "size"),
    "BlockList.isBlockList": () => [
      net.BlockList.isBlockList(filled()),
      net.BlockList.isBlockList({}),
    ],
    "BlockList.PRIVATE_RANGES": () => {
      const ranges = Reflect.get(net.BlockList, "PRIVATE_RANGES");
      return net.BlockList.isBlockList(ranges)
        ? [Reflect.get(Object(ranges), "rules")]
        : ranges;
    },
  };
}

function socketAddresses(): Record<string, Check> {
  const made = () =>
    new net.SocketAddress({
      address: "::1",
      family: "ipv6",
      port: 80,
      flowlabel: 5,
    });
  return {
    SocketAddress: () => [
      Reflect.construct(net.SocketAddress, []).address,
      thrown(() => new net.SocketAddress({ port: -1 })),
      thrown(() => new net.SocketAddress({ address: "nonsense" })),
    ],
    "SocketAddress#address": () => made().address,
    "SocketAddress#port": () => made().port,
    "SocketAddress#family": () => made().family,
    "SocketAddress#flowlabel": () => made().flowlabel,
    "SocketAddress#toJSON": () => JSON.stringify(made()),
    "SocketAddress.isSocketAddress": () => [
      member(net.SocketAddress, "isSocketAddress")(made()),
      member(net.SocketAddress, "isSocketAddress")({}),
    ],
    "SocketAddress.parse": () => [
      net.SocketAddress.parse("1.2.3.4:80")?.port,
      net.SocketAddress.parse("[::1]:8")?.address,
      net.SocketAddress.parse("nonsense"),
    ],
  };
}

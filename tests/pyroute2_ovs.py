#!/usr/bin/python3
"""An ordinary pyroute2 program that speaks Open vSwitch's families: it lists them, makes a datapath, ports and a flow,
and prints what it reads back. It does the same on a real kernel. Debian's package: python3-pyroute2."""

import struct
from pyroute2.netlink import NLM_F_ACK, NLM_F_DUMP, NLM_F_ECHO, NLM_F_REQUEST, genlmsg
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.generic import GenericNetlinkSocket

NEW, DEL, GET, SET = 1, 2, 3, 4         # of each family's commands
NETDEV, INTERNAL = 1, 2                 # kinds of ports
ASK = NLM_F_REQUEST | NLM_F_ACK
LIST = NLM_F_REQUEST | NLM_F_DUMP


class OvsMessage(genlmsg):
    """The families share a header behind genetlink's: the datapath's ifindex."""
    fields = genlmsg.fields + (('dp_ifindex', 'i'),)


class DatapathMessage(OvsMessage):
    nla_map = (
        ('OVS_DP_ATTR_UNSPEC', 'none'),
        ('OVS_DP_ATTR_NAME', 'asciiz'),
        ('OVS_DP_ATTR_UPCALL_PID', 'uint32'),
        ('OVS_DP_ATTR_STATS', 'cdata'),
        ('OVS_DP_ATTR_MEGAFLOW_STATS', 'cdata'),
        ('OVS_DP_ATTR_USER_FEATURES', 'uint32'),
    )


class VportMessage(OvsMessage):
    nla_map = (
        ('OVS_VPORT_ATTR_UNSPEC', 'none'),
        ('OVS_VPORT_ATTR_PORT_NO', 'uint32'),
        ('OVS_VPORT_ATTR_TYPE', 'uint32'),
        ('OVS_VPORT_ATTR_NAME', 'asciiz'),
        ('OVS_VPORT_ATTR_OPTIONS', 'cdata'),
        ('OVS_VPORT_ATTR_UPCALL_PID', 'uint32'),
        ('OVS_VPORT_ATTR_STATS', 'cdata'),
    )


class FlowMessage(OvsMessage):
    nla_map = (
        ('OVS_FLOW_ATTR_UNSPEC', 'none'),
        ('OVS_FLOW_ATTR_KEY', 'cdata'),
        ('OVS_FLOW_ATTR_ACTIONS', 'cdata'),
        ('OVS_FLOW_ATTR_STATS', 'cdata'),
        ('OVS_FLOW_ATTR_TCP_FLAGS', 'cdata'),
        ('OVS_FLOW_ATTR_USED', 'cdata'),
        ('OVS_FLOW_ATTR_CLEAR', 'none'),
        ('OVS_FLOW_ATTR_MASK', 'cdata'),
    )


class Family(GenericNetlinkSocket):
    """One family: its messages' class, and requests that say which datapath they are about."""

    def __init__(self, name, message):
        super().__init__()
        self.bind(name, message)
        self.message = message

    def ask(self, cmd, version, flags=ASK, dp=0, **attributes):
        msg = self.message()
        msg['cmd'], msg['version'], msg['dp_ifindex'] = cmd, version, dp
        prefix = self.message.nla_map[0][0].replace('UNSPEC', '')
        msg['attrs'] = [(prefix + name.upper(), value) for name, value in attributes.items()]
        return list(self.nlm_request(msg, msg_type=self.prid, msg_flags=flags))


def attribute(kind, payload):
    """One netlink attribute as bytes, padded."""
    data = struct.pack('HH', 4 + len(payload), kind) + payload
    return data + bytes(-len(data) % 4)


def attributes(data):
    """The attributes within bytes, by type."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from('HH', data)
        found[kind & 0x3fff] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


def refused(what, ask):
    try:
        ask()
    except NetlinkError as error:
        print(what, 'is refused:', error.code)
    else:
        print(what, 'is not refused')


def octets(value):
    """Bytes of an attribute, which pyroute2 gives as text of hexadecimal numbers or as they are."""
    return value if isinstance(value, bytes) else bytes.fromhex(value.replace(':', ''))


def show_ports(vports, dp):
    for port in vports.ask(GET, 1, LIST, dp):
        print('port', port.get_attr('OVS_VPORT_ATTR_PORT_NO'), port.get_attr('OVS_VPORT_ATTR_NAME'),
              'type', port.get_attr('OVS_VPORT_ATTR_TYPE'))


def show_flows(flows, dp):
    for flow in flows.ask(GET, 1, LIST, dp):
        key = attributes(octets(flow.get_attr('OVS_FLOW_ATTR_KEY')))
        actions = attributes(octets(flow.get_attr('OVS_FLOW_ATTR_ACTIONS')))
        print('flow in_port', struct.unpack('I', key[3])[0], 'type %#06x' % struct.unpack('>H', key[6])[0],
              'output', struct.unpack('I', actions[1])[0])


def main():
    datapaths = Family('ovs_datapath', DatapathMessage)
    vports = Family('ovs_vport', VportMessage)
    flows = Family('ovs_flow', FlowMessage)
    print('families', *sorted(name for name in ('ovs_datapath', 'ovs_vport', 'ovs_flow', 'ovs_packet', 'ovs_meter')
                              if GenericNetlinkSocket().bind(name, OvsMessage) is None))

    dp = datapaths.ask(NEW, 2, ASK | NLM_F_ECHO, name='py0', upcall_pid=0)[0]['dp_ifindex']
    refused('the same datapath again', lambda: datapaths.ask(NEW, 2, name='py0', upcall_pid=0))
    print('datapaths', *(d.get_attr('OVS_DP_ATTR_NAME') for d in datapaths.ask(GET, 2, LIST)))

    vports.ask(NEW, 1, dp=dp, type=INTERNAL, name='py1', upcall_pid=0)
    vports.ask(NEW, 1, dp=dp, type=INTERNAL, name='py2', upcall_pid=0, port_no=7)
    refused('a port for no device', lambda: vports.ask(NEW, 1, dp=dp, type=NETDEV, name='nobody', upcall_pid=0))
    show_ports(vports, dp)

    key = attribute(3, struct.pack('I', 1)) + attribute(4, bytes(12)) + attribute(6, struct.pack('>H', 0x88cc))
    output = attribute(1, struct.pack('I', 7))
    flows.ask(NEW, 1, dp=dp, key=key, actions=output)
    refused('an action on a port beyond all', lambda: flows.ask(NEW, 1, dp=dp, key=key,
                                                                actions=attribute(1, struct.pack('I', 65536))))
    show_flows(flows, dp)
    flows.ask(DEL, 1, dp=dp, key=key)
    print('flows left', len(flows.ask(GET, 1, LIST, dp)))

    vports.ask(DEL, 1, dp=dp, port_no=7)
    show_ports(vports, dp)
    datapaths.ask(DEL, 2, dp=dp)
    refused('a datapath that is gone', lambda: datapaths.ask(GET, 2, dp=dp))


main()

"""A real SMTP server (aiosmtpd) that keeps the mail it gets."""

import email
import email.policy

from aiosmtpd.controller import Controller


class AnyPort(Controller):
    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Inbox:
    def __init__(self):
        self.mails, self.refuse = [], None
        self.controller = AnyPort(self, hostname="127.0.0.1", port=0)
        self.controller.start()
        self.port = self.controller.port
        self.url = f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, server, session, envelope):
        if self.refuse:
            return self.refuse
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, message))
        return "250 OK"

    def to(self, address, words=""):
        return [message for _, to, message in self.mails if to == [address] and words in message.get_content()]

    def stop(self):
        self.controller.stop()

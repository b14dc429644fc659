//! What is said on a connection to a server, over and over: requests and their answers.

use std::thread;
use std::time::Duration;

use crate::driver::block::Block;
use crate::driver::dice::Dice;
use crate::driver::heard::fail_if_one_has_failed;
use crate::driver::story;
use crate::driver::wire::Wire;

impl Wire {
    /// Sends a block of this type with these headers.
    #[track_caller]
    pub fn asks(&mut self, kind: &str, headers: &[(&str, &str)]) -> &mut Self {
        self.sends(Block::text(kind, headers))
    }

    /// Sends a block of this type, and waits for the one of the same type with ACK behind it.
    #[track_caller]
    pub fn obtains(&mut self, kind: &str, headers: &[(&str, &str)]) -> Block {
        self.asks(kind, headers).gets(&format!("{kind}ACK"))
    }

    /// Says something in the room.
    #[track_caller]
    pub fn says(&mut self, text: &str) -> &mut Self {
        self.asks("SAY", &[("Text", text)])
    }

    /// Says something in the room, and waits for it to come back, which must be next.
    #[track_caller]
    pub fn speaks(&mut self, text: &str) -> Block {
        self.says(text).gets("SAID")
    }

    /// Waits for the next block, which must be of this type.
    #[track_caller]
    pub fn gets(&mut self, kind: &str) -> Block {
        let block = self.block(kind);
        if block.kind != kind {
            self.gets_instead(kind, block);
        }
        block
    }

    /// Waits for the next message. A server may tell a long replay in pieces, and ask after each whether it has
    /// arrived: that is answered.
    #[track_caller]
    pub fn gets_told(&mut self) -> Block {
        loop {
            let block = self.block("SAID");
            match block.kind.as_str() {
                "SAID" => return block,
                "PING" => self.is_there(&block),
                _ => self.gets_instead("SAID", block),
            }
        }
    }

    /// Answers a PING.
    fn is_there(&mut self, ping: &Block) {
        self.asks("PONG", &[("Token", ping.get("Token"))]);
    }

    /// Waits for a block of this type, skipping others. A PING among them is answered.
    #[track_caller]
    pub fn skips_to(&mut self, kind: &str) -> Block {
        loop {
            let block = self.block(kind);
            if block.kind == kind {
                return block;
            }
            match block.kind.as_str() {
                "BYE" => self.gets_instead(kind, block), // nothing comes after that
                "PING" => self.is_there(&block),
                _ => {}
            }
        }
    }

    /// Waits for an ERROR with this code in answer to this type of request.
    #[track_caller]
    pub fn refuses(&mut self, request: &str, code: &str) -> Block {
        let expected = [("For", request), ("Code", code), ("Message", "*")];
        let block = self.block(&format!("ERROR, with Code: {code}"));
        if block.kind != "ERROR" {
            self.gets_instead(Block::wanted("ERROR", &expected), block);
        }
        block.has_exactly(&expected);
        block
    }

    /// Sends a PING and demands that its PONG is the very next thing: so nothing else was on its way.
    pub fn hears_nothing_else(&mut self, dice: &mut Dice) -> &mut Self {
        self.hears_nothing_before(&dice.word())
    }

    /// The same with this Token.
    #[track_caller]
    pub fn hears_nothing_before(&mut self, token: &str) -> &mut Self {
        self.asks("PING", &[("Token", token)]);
        let what = "PONG to the PING just sent, and nothing before it";
        let block = self.block(what);
        if block.kind != "PONG" {
            self.gets_instead(what, block);
        }
        block.has_exactly(&[("Token", token)]);
        self
    }

    /// Registers and gives back REGACK.
    #[track_caller]
    pub fn registers(&mut self, name: &str, port: u16) -> Block {
        let port = port.to_string();
        self.asks("REGISTER", &[("clientID", name), ("IP", "127.0.0.1"), ("Port", &port)]);
        self.gets("REGACK")
    }

    /// Registers as soon as the name is free, which it must be soon.
    pub fn registers_in_the_end(&mut self, name: &str, port: u16) -> Block {
        let (until, port) = (story::deadline(), port.to_string());
        loop {
            self.asks("REGISTER", &[("clientID", name), ("IP", "127.0.0.1"), ("Port", &port)]);
            let block = self.block("REGACK");
            if block.kind == "REGACK" {
                return block;
            }
            fail_if_one_has_failed();
            if story::left(until).is_zero() {
                story::time_out(story::instead(
                    format!("{name} is free in the end: REGACK"),
                    block,
                ));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Demands that nothing but arrivals is on its way.
    pub fn hears_joins_only(&mut self, dice: &mut Dice) {
        let token = dice.word();
        self.asks("PING", &[("Token", &token)]);
        loop {
            let block = self.block("PONG");
            match block.kind.as_str() {
                "JOINED" => {}
                "PONG" => {
                    block.has_exactly(&[("Token", &token)]);
                    return;
                }
                _ => {
                    self.gets_instead("JOINED, or else PONG: all that follows is for others", block)
                }
            }
        }
    }

    /// Joins and gives back JOINACK.
    #[track_caller]
    pub fn joins(&mut self, name: &str) -> Block {
        self.obtains("JOIN", &[("clientID", name)])
    }
}

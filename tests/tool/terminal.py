# SPDX-License-Identifier: MIT
"""Run a program on a terminal of its own and say what its screen shows.

usage: python3 terminal.py ROWS COLUMNS STEP... -- PROGRAM ARGUMENT...

A step is a word and what belongs to it:
    wait TEXT       until the screen shows a text; so nothing has to sleep
    gone TEXT       until it shows it no more
    lacks TEXT      it does not show it now
    line N TEXT     the line N, from 1 on, has the text
    last TEXT       the last line has it
    send TEXT       press keys
    size ROWS COLS  give the terminal another size
    kill SIGNAL     send the program a signal, by its name
    run COMMAND     run a command of the shell beside it
    raw, cooked     until the terminal has these modes
    own, other      until the program shows on a screen of its own, or not
    exit STATUS     until the program has ended so; a signal is negative
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

PATIENCE = 30


class Screen:
    """As much of a terminal as the command needs."""

    def __init__(self, rows, columns):
        self.own = False
        self.resize(rows, columns)

    def resize(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.lines = [""] * rows
        self.row = self.column = 0
        self.other = [""] * rows, 0, 0

    def text(self):
        return "\n".join(self.lines)

    def put(self, c):
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[:self.column] + c + line[self.column + 1:]
        if self.column < self.columns - 1:
            self.column += 1

    def newline(self):
        self.row += 1
        if self.row == self.rows:
            self.lines = self.lines[1:] + [""]
            self.row -= 1

    def sequence(self, arguments, letter):
        if letter == "H":
            place = [int(n) - 1 for n in (arguments or "1;1").split(";")]
            self.row, self.column = min(place[0], self.rows - 1), place[1]
        elif letter == "K":
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif letter == "J" and arguments == "2":
            self.lines = [""] * self.rows
        elif letter == "J":
            self.lines[self.row] = self.lines[self.row][:self.column]
            for i in range(self.row + 1, self.rows):
                self.lines[i] = ""
        elif arguments == "?1049" and self.own != (letter == "h"):
            self.own = letter == "h"
            other = self.other
            self.other = self.lines, self.row, self.column
            self.lines, self.row, self.column = other

    def feed(self, text):
        for part in re.findall(r"\033\[[0-9;?]*[A-Za-z]|.", text, re.S):
            if len(part) > 1:
                self.sequence(part[2:-1], part[-1])
            elif part == "\n":
                self.newline()
            elif part == "\r":
                self.column = 0
            elif part >= " ":
                self.put(part)


class Terminal:
    def __init__(self, rows, columns, program):
        self.screen = Screen(rows, columns)
        self.rest = b""
        self.status = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                # What runs the tests may ignore signals, as nohup(1) does.
                for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGQUIT,
                               signal.SIGHUP):
                    signal.signal(number, signal.SIG_DFL)
                fcntl.ioctl(0, termios.TIOCSWINSZ,
                            struct.pack("HHHH", rows, columns, 0, 0))
                os.execvp(program[0], program)
            finally:
                os._exit(127)

    def read(self):
        if not select.select([self.fd], [], [], 0.02)[0]:
            return
        try:
            data = self.rest + os.read(self.fd, 65536)
        except OSError:  # the other end is closed
            time.sleep(0.02)
            return
        # A sequence or a character may have come in part.
        whole = re.match(rb"(?s).*(?=\033[^A-Za-z]*\Z)", data)
        self.rest = data[whole.end():] if whole else b""
        data = data[:len(data) - len(self.rest)]
        self.screen.feed(data.decode("utf-8", "replace"))

    def until(self, true):
        end = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > end:
                return False
            self.read()
            self.reap()
        return True

    def reap(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                self.status = os.waitstatus_to_exitcode(status)

    def is_raw(self):
        return termios.tcgetattr(self.fd)[3] & termios.ICANON == 0

    def line(self, number, text):
        return self.until(lambda: text in self.screen.lines[number - 1])

    def step(self, words):
        word = words.pop(0)
        screen = self.screen
        if word == "wait":
            text = words.pop(0)
            return self.until(lambda: text in screen.text())
        if word == "gone":
            text = words.pop(0)
            return self.until(lambda: text not in screen.text())
        if word == "lacks":
            return words.pop(0) not in screen.text()
        if word == "line":
            return self.line(int(words.pop(0)), words.pop(0))
        if word == "last":
            return self.line(screen.rows, words.pop(0))
        if word == "send":
            os.write(self.fd, words.pop(0).encode())
            return True
        if word == "size":
            rows, columns = int(words.pop(0)), int(words.pop(0))
            screen.resize(rows, columns)
            fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                        struct.pack("HHHH", rows, columns, 0, 0))
            return True
        if word == "kill":
            os.kill(self.pid, getattr(signal, "SIG" + words.pop(0)))
            return True
        if word == "run":
            subprocess.run(words.pop(0), shell=True, check=True,
                           stdout=subprocess.DEVNULL)
            return True
        if word in ("raw", "cooked"):
            return self.until(lambda: self.is_raw() == (word == "raw"))
        if word in ("own", "other"):
            return self.until(lambda: screen.own == (word == "own"))
        if word == "exit":
            wanted = int(words.pop(0))
            self.until(lambda: self.status is not None)
            for _ in range(5):
                self.read()
            return self.status == wanted
        raise SystemExit("no such step: " + word)


def main():
    end = sys.argv.index("--", 3)
    steps = sys.argv[3:end]
    terminal = Terminal(int(sys.argv[1]), int(sys.argv[2]), sys.argv[end + 1:])
    good = True
    while steps and good:
        now = list(steps)
        good = terminal.step(steps)
        if not good:
            print("failed:", " ".join(now[:len(now) - len(steps)]),
                  "- status", terminal.status)
    print(terminal.screen.text())
    if terminal.status is None:
        os.kill(terminal.pid, signal.SIGKILL)
    sys.exit(0 if good else 1)


main()

"""The lossless answer: does what was accepted stand stored, receipted, announced and notified, with no gap?"""

SELECT idh.withdraw_champion(:sequence, :champion, :reason, :operator)
